using BiT.Client;
using Grpc.Core;

namespace BiT.CommandLine;

/// <summary>What <c>bit</c> exits with, and the one place that decides it.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The operation failed: a job failed or was cancelled by somebody else, a process
    /// could not be started, a file not read.</summary>
    public const int Failed = 1;

    /// <summary>The command line was wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>The named model, version, job, data set or alias does not exist.</summary>
    public const int NotFound = 3;

    /// <summary>The server cannot be reached, is too busy or did not answer in time. Trying again may help.</summary>
    public const int Unavailable = 4;

    /// <summary>The server, or this command, refused the input: a bad value, a folder that is no data set,
    /// a file that is no image.</summary>
    public const int Refused = 5;

    /// <summary>The state does not allow it: an alias that has moved, a request id used for something else,
    /// a version that cannot be loaded.</summary>
    public const int Conflict = 6;

    /// <summary>The server does not let this caller do it.</summary>
    public const int NotAllowed = 7;

    /// <summary>Ctrl+C or a signal to end.</summary>
    public const int Cancelled = 130;

    /// <summary>What to tell about an exception, and what to exit with.</summary>
    public static Failure Explain(Exception exception) => exception switch
    {
        CommandException failure => failure.Failure,
        OperationCanceledException => new(Cancelled, "CANCELLED", "Cancelled."),
        PhotoFolderException failure => new(Refused, "NOT_A_DATASET", failure.Message),
        BitException failure => new(Of(failure.Code), failure.Reason, Describe(failure)),
        InvalidDataException failure => new(Failed, "UNEXPECTED_REPLY", failure.Message),
        IOException or UnauthorizedAccessException => new(Failed, "FILE_ACCESS", exception.Message),
        _ => new(Failed, "UNEXPECTED", $"This should not have happened: {exception.GetType().Name}: {exception.Message} "
            + "Set BIT_TRACE=1 to see where."),
    };

    private static int Of(StatusCode code) => code switch
    {
        StatusCode.OK => Ok,
        StatusCode.NotFound => NotFound,
        StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.DeadlineExceeded => Unavailable,
        StatusCode.InvalidArgument or StatusCode.OutOfRange => Refused,
        StatusCode.AlreadyExists or StatusCode.Aborted or StatusCode.FailedPrecondition => Conflict,
        StatusCode.PermissionDenied or StatusCode.Unauthenticated => NotAllowed,
        StatusCode.Cancelled => Cancelled,
        _ => Failed,
    };

    private static string Describe(BitException failure)
    {
        var message = CommandHints.InCommands(failure.Message);
        if (CommandHints.Of(failure.Reason) is { } hint)
            message += $" {hint}";
        else if (failure.RetryDelay is { } delay)
            message += $" Try again in {Math.Max(1, Math.Ceiling(delay.TotalSeconds)):0} s.";
        // Usually the message lists the violations already; those that it leaves out follow.
        foreach (var violation in failure.FieldViolations.Where(
            violation => !failure.Message.Contains(violation.Description, StringComparison.Ordinal)))
            message += $"{Environment.NewLine}  {violation.Field}: {violation.Description}";
        return message;
    }
}

/// <summary>Why a command did not do what it was asked.</summary>
/// <param name="ExitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="Reason">Stable code in UPPER_SNAKE_CASE for programs.</param>
/// <param name="Message">For people: what was expected, what came and the cure.</param>
internal sealed record Failure(int ExitCode, string Reason, string Message);

/// <summary>Ends a command with a failure of its own.</summary>
internal sealed class CommandException(Failure failure) : Exception(failure.Message)
{
    public CommandException(int exitCode, string reason, string message)
        : this(new Failure(exitCode, reason, message))
    {
    }

    public Failure Failure { get; } = failure;
}
