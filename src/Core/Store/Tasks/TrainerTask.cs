namespace BiT.Core.Store;

/// <summary>Short work that only a trainer can do while a caller waits for its result.</summary>
public enum TaskKind
{
    /// <summary>Resolve a job's plan and measure what it would cost.</summary>
    Estimate = 1,

    /// <summary>The first batches of a job as training would feed them.</summary>
    Preview = 2,

    /// <summary>Classify a data set with a version and say how right it was.</summary>
    Evaluate = 3,

    /// <summary>Make a version of a file.</summary>
    Import = 4,

    /// <summary>Put a head and its backbone together.</summary>
    Compose = 5,
}

/// <summary>A task as it stands.</summary>
/// <param name="Id">32 hexadecimal digits.</param>
/// <param name="Kind">What is to be done; decides how <paramref name="Request"/> and <paramref name="Result"/> read.</param>
/// <param name="Request">What was asked for, as JSON.</param>
/// <param name="State">Queued, Running, Succeeded or Failed.</param>
/// <param name="Attempt">How many times the task was leased. Fences every write of a trainer.</param>
/// <param name="Result">The result as JSON once Succeeded.</param>
/// <param name="Error">Why it Failed.</param>
public sealed record TrainerTask(
    string Id, TaskKind Kind, string Request, JobState State, int Attempt, string? Result, JobError? Error);

/// <summary>A trainer's right to a task until it expires.</summary>
public sealed record TaskLease(TrainerTask Task, int Attempt, string WorkerId, TimeSpan Duration);

/// <summary>A trainer wrote to a task that it no longer holds, or that nobody awaits any more.</summary>
public sealed class TaskLostException(string message) : Exception(message);
