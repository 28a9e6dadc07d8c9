namespace BiT.Client;

/// <summary>Life of a job. Numbers as in fine_tuning.proto; a number that this client does not know means "not done".</summary>
public enum JobState
{
    /// <summary>Not set.</summary>
    Unspecified = 0,
    /// <summary>Its input is being checked.</summary>
    Validating = 1,
    /// <summary>Waits for a trainer.</summary>
    Queued = 2,
    /// <summary>A trainer works on it.</summary>
    Running = 3,
    /// <summary>Set aside.</summary>
    Paused = 4,
    /// <summary>Done: the version is published.</summary>
    Succeeded = 5,
    /// <summary>Done: see the error.</summary>
    Failed = 6,
    /// <summary>Done: somebody asked for it.</summary>
    Cancelled = 7,
}

/// <summary>A fine-tuning job as it stood when it was asked for.</summary>
public sealed record FineTuneJob
{
    /// <summary><c>fineTuneJobs/{job}</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What was asked for.</summary>
    public required FineTuneSpec Spec { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobState State { get; init; }

    /// <summary>True once the state will not change any more.</summary>
    public bool IsDone { get; init; }

    /// <summary>When it was submitted.</summary>
    public DateTimeOffset? CreateTime { get; init; }

    /// <summary>When a trainer first took it.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>When it was done.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>The newest progress; null until a trainer reports.</summary>
    public FineTuneProgress? Progress { get; init; }

    /// <summary>Every resolved value of the run as JSON; empty until the trainer has planned.</summary>
    public string PlanJson { get; init; } = "";

    /// <summary><c>models/{model}/versions/{version}</c> once succeeded, else empty.</summary>
    public string ModelVersion { get; init; } = "";

    /// <summary>Why it failed; null if it did not.</summary>
    public BitException? Error { get; init; }

    /// <summary>How many times a trainer has taken the job. More than 1 means that it was resumed.</summary>
    public int Attempt { get; init; }

    /// <summary>True once cancellation was asked for.</summary>
    public bool IsCancelRequested { get; init; }

    /// <summary>Why the job is not running now, for people; empty while it runs.</summary>
    public string WaitingReason { get; init; } = "";

    /// <summary>True once a pause was asked for, until the job is paused.</summary>
    public bool IsPauseRequested { get; init; }

    /// <summary>Time since the trainer's last sign of life; set while running.</summary>
    public TimeSpan? HeartbeatAge { get; init; }

    /// <summary>What became of <see cref="FineTuneSpec.Promotion"/>; null before it is decided, and where none was asked for.</summary>
    public PromotionOutcome? PromotionOutcome { get; init; }

    /// <summary>True from success until the promotion that was asked for is decided, a matter of seconds.</summary>
    public bool IsPromotionPending
        => State == JobState.Succeeded && Spec.Promotion != PromotionRule.Never && PromotionOutcome is null;
}

/// <summary>What a job would cost, from a short measurement on the trainer that would run it.</summary>
public sealed record FineTuneEstimate
{
    /// <summary>Every resolved value of the run as JSON.</summary>
    public required string PlanJson { get; init; }

    /// <summary>From the start of the job to the published version; early stopping may end it sooner.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Largest resident memory of the trainer.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>Training photos per second; for <c>head</c>, photos per second through the backbone.</summary>
    public double ImagesPerSecond { get; init; }

    /// <summary>Disk space for checkpoints, caches and the version.</summary>
    public long DiskBytes { get; init; }

    /// <summary>True if the trainer ran a job meanwhile: the time is then too long.</summary>
    public bool IsMeasuredWhileBusy { get; init; }
}

/// <summary>What became of a promotion.</summary>
public sealed record PromotionOutcome
{
    /// <summary>True if the alias now names the new version.</summary>
    public required bool IsPromoted { get; init; }

    /// <summary>Why, or why not.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The version that the alias named before; empty if none.</summary>
    public string PreviousVersion { get; init; } = "";

    /// <summary>Share of the job's validation photos that the previous version classifies right, 0 to 1; null if not compared.</summary>
    public double? PreviousAccuracy { get; init; }

    /// <summary>The same of the new version.</summary>
    public double? NewAccuracy { get; init; }
}

/// <summary>How far a job has come.</summary>
public sealed record FineTuneProgress
{
    /// <summary>What the trainer is doing, for example <c>training</c>.</summary>
    public string Phase { get; init; } = "";

    /// <summary>Optimiser steps done.</summary>
    public long Step { get; init; }

    /// <summary>Optimiser steps planned; 0 before training.</summary>
    public long TotalSteps { get; init; }

    /// <summary>Mean training loss since the previous report.</summary>
    public double? Loss { get; init; }

    /// <summary>Learning rate of the newest step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Training photos per second over the last seconds.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>Newest share of validation photos classified right, 0 to 1.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>Best share of validation photos classified right, 0 to 1.</summary>
    public double? BestValidationAccuracy { get; init; }

    /// <summary>Estimated time to the end of the job.</summary>
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>When the trainer reported.</summary>
    public DateTimeOffset? Time { get; init; }
}

/// <summary>Something that happened to a job. One of <see cref="State"/>, <see cref="Progress"/>, <see cref="Message"/> and
/// <see cref="PlanJson"/> is set; none of them on a kind of event that this client does not know.</summary>
public sealed record FineTuneJobEvent
{
    /// <summary>Grows by event; pass it to a watch to continue behind it.</summary>
    public required long Cursor { get; init; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The job entered this state.</summary>
    public JobState? State { get; init; }

    /// <summary>The trainer reported progress.</summary>
    public FineTuneProgress? Progress { get; init; }

    /// <summary>A line for people: a choice and its reason, a warning.</summary>
    public string? Message { get; init; }

    /// <summary>The resolved plan as JSON.</summary>
    public string? PlanJson { get; init; }

    /// <summary>The job as it stood when the event was sent; set on state events and heartbeats.</summary>
    public FineTuneJob? Job { get; init; }

    /// <summary>Time since the trainer's last sign of life; set while the job is running.</summary>
    public TimeSpan? HeartbeatAge { get; init; }

    /// <summary>True if nothing happened: the service only says that the job is still watched, and how it stands. Its cursor is that of the
    /// event before.</summary>
    public bool IsHeartbeat { get; init; }
}
