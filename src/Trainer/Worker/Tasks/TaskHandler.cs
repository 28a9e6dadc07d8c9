using BiT.Core.Store;

namespace BiT.Training.Worker.Tasks;

/// <summary>How a trainer does one kind of task.</summary>
internal abstract class TaskHandler
{
    /// <summary>The kind that it does.</summary>
    public abstract TaskKind Kind { get; }

    /// <summary>Does the work. Exceptions become the task's error as they become a job's.</summary>
    /// <param name="request">The kind's request as JSON.</param>
    /// <param name="context">What the work needs to know of its surroundings.</param>
    /// <exception cref="OperationCanceledException">The context's token was cancelled.</exception>
    public abstract TaskOutcome Run(string request, TaskContext context);
}

/// <summary>How a task ended well.</summary>
internal abstract record TaskOutcome
{
    private TaskOutcome()
    {
    }

    /// <summary>With a result.</summary>
    /// <param name="Json">The kind's result.</param>
    public sealed record Result(string Json) : TaskOutcome;

    /// <summary>With a new version, which becomes visible in the same transaction; its name is the result.</summary>
    public sealed record NewVersion(string ModelId, ModelManifest Manifest) : TaskOutcome;
}

/// <summary>What a task needs to know of its surroundings.</summary>
/// <param name="Stop">Cancelled when nobody awaits the result any more, or the trainer stops.</param>
/// <param name="IsJobRunning">Whether the trainer works on a job at this moment: measurements are then too slow.</param>
internal sealed record TaskContext(CancellationToken Stop, Func<bool> IsJobRunning);
