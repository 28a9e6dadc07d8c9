using System.Globalization;
using System.Net.Sockets;
using Google.Rpc;
using Grpc.Core;

namespace BiT.Client;

/// <summary>Turns what gRPC throws into what callers of this library catch.</summary>
internal static class Failures
{
    /// <summary>The reason of an exception that the service did not send: it was not reached.</summary>
    internal const string Unreachable = "UNREACHABLE";

    /// <summary>What a call can end with: a status, or, when the connection breaks at an unlucky moment,
    /// the transport's exception.</summary>
    internal static bool IsOfCall(Exception failure) => failure is RpcException or HttpIOException;

    /// <summary>A cancellation by the caller stays one; everything else becomes a <see cref="BitException"/>.</summary>
    internal static Exception Translate(Exception failure, Uri address, CancellationToken cancellationToken)
        => failure is RpcException status
            ? Translate(status, address, cancellationToken)
            : new BitException(Grpc.Core.StatusCode.Unavailable, Unreachable, Lost(address, failure.Message), failure);

    private static Exception Translate(RpcException failure, Uri address, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested && failure.StatusCode is Grpc.Core.StatusCode.Cancelled)
            return new OperationCanceledException("The call was cancelled.", failure, cancellationToken);
        if (failure.StatusCode == Grpc.Core.StatusCode.Unavailable && ConnectionProblem(failure) is { } problem)
            return new BitException(failure.StatusCode, Unreachable, Lost(address, problem), failure);

        var status = failure.GetRpcStatus();
        var message = status is { Message.Length: > 0 } ? status.Message : failure.Status.Detail;
        // Our own clock ended the call: gRPC has no words for it.
        if (failure.StatusCode == Grpc.Core.StatusCode.DeadlineExceeded && message.Length == 0)
            message = $"The BiT server at {Show(address)} did not answer within the deadline.";
        return Create(failure.StatusCode, message, status, failure);
    }

    /// <summary>The exception that belongs to the error of one item or of a job.</summary>
    internal static BitException FromStatus(Google.Rpc.Status status)
        => Create((Grpc.Core.StatusCode)status.Code, status.Message, status, null);

    private static BitException Create(Grpc.Core.StatusCode code, string message, Google.Rpc.Status? status, Exception? inner)
    {
        var info = status?.GetDetail<ErrorInfo>();
        var violations = status?.GetDetail<BadRequest>()?.FieldViolations ?? [];
        return new BitException(code, info is { Reason.Length: > 0 } ? info.Reason : NameOf(code), message, inner)
        {
            Metadata = info?.Metadata.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal) ?? [],
            FieldViolations = [.. violations.Select(violation => new FieldViolation(violation.Field, violation.Description))],
            RetryDelay = status?.GetDetail<RetryInfo>()?.RetryDelay?.ToTimeSpan(),
        };
    }

    // Only the socket's and the TLS layer's own words help a person; gRPC wraps them in several layers.
    private static string? ConnectionProblem(RpcException failure)
    {
        for (Exception? cause = failure.Status.DebugException; cause is not null; cause = cause.InnerException)
            if (cause is SocketException or HttpRequestException { InnerException: null } or IOException { InnerException: null })
                return cause.Message.TrimEnd('.') + ".";
        return null;
    }

    private static string Lost(Uri address, string problem) => $"The BiT server at {Show(address)} cannot be reached: {problem}";

    private static string Show(Uri address) => address.GetLeftPart(UriPartial.Authority);

    // AlreadyExists -> ALREADY_EXISTS
    private static string NameOf(Grpc.Core.StatusCode code) => string.Concat(code.ToString()
        .Select((letter, index) => (index > 0 && char.IsUpper(letter) ? "_" : "") + char.ToUpper(letter, CultureInfo.InvariantCulture)));
}
