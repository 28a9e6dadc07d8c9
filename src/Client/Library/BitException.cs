using Grpc.Core;

namespace BiT.Client;

/// <summary>The service refused a call or could not be reached.</summary>
public sealed class BitException : Exception
{
    /// <summary>Makes an exception; the client does this from what the service answers.</summary>
    public BitException(StatusCode code, string reason, string message, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Reason = reason;
    }

    /// <summary>The gRPC status code.</summary>
    public StatusCode Code { get; }

    /// <summary>Stable code in UPPER_SNAKE_CASE: the reason of google.rpc.ErrorInfo, else the status code's name.</summary>
    public string Reason { get; }

    /// <summary>Facts that belong to the reason (google.rpc.ErrorInfo), for example a limit and what came.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Which request fields were refused, and why (google.rpc.BadRequest).</summary>
    public IReadOnlyList<FieldViolation> FieldViolations { get; init; } = [];

    /// <summary>When the service suggests to try again (google.rpc.RetryInfo); null if it does not.</summary>
    public TimeSpan? RetryDelay { get; init; }
}

/// <summary>A request field that the service refused.</summary>
/// <param name="Field">Path of the field, for example <c>spec.overrides.crop</c>.</param>
/// <param name="Description">What was expected, what came and the cure.</param>
public sealed record FieldViolation(string Field, string Description);
