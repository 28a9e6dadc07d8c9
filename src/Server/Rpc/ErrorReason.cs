using Google.Rpc;

namespace BiT.Serving.Rpc;

/// <summary>A reason of google.rpc.ErrorInfo: part of the public protocol, so name and code never change.</summary>
/// <param name="Name">UPPER_SNAKE_CASE.</param>
/// <param name="Code">The status code that goes with it.</param>
/// <param name="Meaning">For docs/errors.md: what happened, and the cure.</param>
internal sealed record ErrorReason(string Name, Code Code, string Meaning)
{
    /// <summary>Keys of ErrorInfo's metadata.</summary>
    public IReadOnlyList<string> Metadata { get; init; } = [];

    /// <summary>When the same call is worth trying again (RetryInfo); null if waiting alone does not help.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>The request's field at fault (BadRequest), where it is always the same one; null if the error lists its fields itself, or no
    /// field is.</summary>
    public string? Field { get; init; }
}
