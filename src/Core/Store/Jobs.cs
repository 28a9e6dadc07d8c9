namespace BiT.Core.Store;

/// <summary>Life of a job. Names and order as in fine_tuning.proto.</summary>
public enum JobState
{
    Validating = 1,
    Queued = 2,
    Running = 3,
    Paused = 4,
    Succeeded = 5,
    Failed = 6,
    Cancelled = 7,
}

/// <summary>How far a job has come; see FineTuneProgress in fine_tuning.proto for units and ranges.</summary>
public sealed record JobProgress
{
    public required string Phase { get; init; }
    public long Step { get; init; }
    public long TotalSteps { get; init; }
    public double? Loss { get; init; }
    public double? LearningRate { get; init; }
    public double? ImagesPerSecond { get; init; }
    public double? ValidationAccuracy { get; init; }
    public double? BestValidationAccuracy { get; init; }
    public TimeSpan? TimeLeft { get; init; }
    public required DateTimeOffset Time { get; init; }
}

/// <summary>Why a job failed.</summary>
/// <param name="Reason">Stable code in UPPER_SNAKE_CASE, for example OUT_OF_MEMORY.</param>
/// <param name="Message">What was expected, what came and the cure.</param>
public sealed record JobError(string Reason, string Message);

/// <summary>A job as it stands.</summary>
public sealed record JobRecord
{
    public required string Id { get; init; }
    public required FineTuneSpec Spec { get; init; }
    public required JobState State { get; init; }
    public required DateTimeOffset CreateTime { get; init; }
    public DateTimeOffset? StartTime { get; init; }
    public DateTimeOffset? EndTime { get; init; }
    public JobProgress? Progress { get; init; }
    public string? PlanJson { get; init; }
    public ModelVersionId? Result { get; init; }
    public JobError? Error { get; init; }

    /// <summary>How many times the job was leased. Fences every write of a trainer.</summary>
    public int Attempt { get; init; }
    public bool CancelRequested { get; init; }

    /// <summary>True once a pause was asked for, until the job is paused.</summary>
    public bool PauseRequested { get; init; }

    /// <summary>The trainer's last sign of life; null before the first.</summary>
    public DateTimeOffset? HeartbeatTime { get; init; }

    /// <summary>How many trainers died or went silent in a row without a new step.</summary>
    public int LostLeases { get; init; }

    /// <summary>The new version against the one behind the alias; set by jobs that are promoted if better.</summary>
    public JobComparison? Comparison { get; init; }

    /// <summary>True from success until the promotion that was asked for is decided.</summary>
    public bool IsPromotionDue { get; init; }

    /// <summary>What became of the promotion; null before it is decided, and where none was asked for.</summary>
    public JobPromotion? Promotion { get; init; }

    /// <summary>Path of the newest whole checkpoint, relative to the job's folder; null before the first.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>True once the state will not change any more.</summary>
    public bool IsDone => State is JobState.Succeeded or JobState.Failed or JobState.Cancelled;
}

/// <summary>What somebody asked of a running job.</summary>
public enum StopRequest
{
    None = 0,
    Pause = 1,
    Cancel = 2,
}

/// <summary>What a job that waits is waiting for.</summary>
/// <param name="JobsBefore">Waiting jobs that come first.</param>
/// <param name="Running">Ids of the jobs that run, oldest first.</param>
/// <param name="LiveTrainers">Trainers that gave a sign of life lately.</param>
public sealed record JobQueue(int JobsBefore, IReadOnlyList<string> Running, int LiveTrainers);

/// <summary>What kind of thing an event reports; decides how <see cref="JobEvent.Payload"/> reads.</summary>
public enum JobEventKind
{
    /// <summary>Payload: the name of the new <see cref="JobState"/>.</summary>
    State = 1,
    /// <summary>Payload: a <see cref="JobProgress"/> as JSON.</summary>
    Progress = 2,
    /// <summary>Payload: a line for people.</summary>
    Message = 3,
    /// <summary>Payload: the resolved plan as JSON.</summary>
    Plan = 4,
}

/// <summary>Something that happened to a job. Cursors grow, with gaps.</summary>
public sealed record JobEvent(long Cursor, DateTimeOffset Time, JobEventKind Kind, string Payload)
{
    /// <summary>The state of a <see cref="JobEventKind.State"/> event.</summary>
    /// <exception cref="InvalidOperationException">The event is of another kind.</exception>
    public JobState ReadState() => Kind == JobEventKind.State
        ? Enum.Parse<JobState>(Payload)
        : throw new InvalidOperationException($"Event {Cursor} is a {Kind} event, not a State event.");

    /// <summary>The progress of a <see cref="JobEventKind.Progress"/> event.</summary>
    /// <exception cref="InvalidOperationException">The event is of another kind.</exception>
    public JobProgress ReadProgress() => Kind == JobEventKind.Progress
        ? StoreJson.ReadProgress(Payload)
        : throw new InvalidOperationException($"Event {Cursor} is a {Kind} event, not a Progress event.");
}

/// <summary>A worker's right to a job until it expires. <paramref name="Attempt"/> fences every write made under it.</summary>
public sealed record JobLease(string JobId, int Attempt, string WorkerId, TimeSpan Duration);
