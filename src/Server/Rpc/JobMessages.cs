using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Jobs;
using Google.Protobuf.WellKnownTypes;
using FineTuneOverrides = BiT.Protocol.V1.FineTuneOverrides;
using FineTuneSpec = BiT.Protocol.V1.FineTuneSpec;
using JobState = BiT.Protocol.V1.JobState;
using PromotionRule = BiT.Protocol.V1.PromotionRule;

namespace BiT.Serving.Rpc;

/// <summary>Jobs and their events as messages.</summary>
internal sealed class JobMessages(Workspace workspace, TrainerOptions trainer, TimeProvider time)
{
    private const int MaxJobsNamed = 3;
    private const long LeastFreeBytes = 64 << 10;

    public FineTuneJob Of(JobRecord job) => new()
    {
        Name = ResourceNames.OfJob(job.Id),
        Spec = Of(job.Spec),
        State = Of(job.State),
        Done = job.IsDone,
        CreateTime = job.CreateTime.ToTimestamp(),
        StartTime = job.StartTime?.ToTimestamp(),
        EndTime = job.EndTime?.ToTimestamp(),
        Progress = job.Progress is { } progress ? Of(progress) : null,
        PlanJson = job.PlanJson ?? "",
        ModelVersion = job.Result?.ToString() ?? "",
        Error = job.Error is { } error ? ErrorMapping.ToStatus(error) : null,
        Attempt = job.Attempt,
        CancelRequested = job.CancelRequested,
        WaitingReason = WaitingReason(job),
        PauseRequested = job.PauseRequested,
        HeartbeatAge = HeartbeatAge(job) is { } age ? Duration.FromTimeSpan(age) : null,
        PromotionOutcome = job.Promotion is { } promotion ? Of(promotion) : null,
    };

    /// <summary>The reply to a request that was only validated: a job without a name.</summary>
    public FineTuneJob Of(Core.Store.FineTuneSpec spec, EstimateResult? estimate) => new()
    {
        Spec = Of(spec),
        PlanJson = estimate?.PlanJson ?? "",
        Estimate = estimate is null ? null : new FineTuneEstimate
        {
            Duration = Duration.FromTimeSpan(estimate.Duration),
            PeakMemoryBytes = estimate.PeakMemoryBytes,
            ImagesPerSecond = estimate.ImagesPerSecond,
            DiskBytes = estimate.DiskBytes,
            MeasuredWhileBusy = estimate.IsMeasuredWhileBusy,
        },
    };

    /// <param name="item">What happened; null for a sign that the job is still watched.</param>
    /// <param name="job">The job as it stood when the event was read.</param>
    public FineTuneJobEvent Of(JobEvent? item, JobRecord job)
    {
        var message = new FineTuneJobEvent
        {
            Cursor = item?.Cursor ?? 0,
            Time = (item?.Time ?? time.GetUtcNow()).ToTimestamp(),
            Job = item is null or { Kind: JobEventKind.State } ? Of(job) : null,
            HeartbeatAge = HeartbeatAge(job) is { } age ? Duration.FromTimeSpan(age) : null,
        };
        if (item is null)
            return message;
        switch (item.Kind)
        {
            case JobEventKind.State:
                message.State = Of(item.ReadState());
                break;
            case JobEventKind.Progress:
                message.Progress = Of(item.ReadProgress());
                break;
            case JobEventKind.Plan:
                message.PlanJson = item.Payload;
                break;
            default:
                message.Message = item.Payload;
                break;
        }
        return message;
    }

    private string WaitingReason(JobRecord job) => job.State switch
    {
        Core.Store.JobState.Queued => QueueReason(job, workspace.Jobs.ReadQueue(job.Id)),
        Core.Store.JobState.Paused => $"was paused{(job.Progress is { TotalSteps: > 0, Step: var step } ? $" at step {step}" : "")} "
            + "by PauseFineTuneJob; ResumeFineTuneJob queues it again",
        Core.Store.JobState.Validating => "is being checked",
        _ => "",
    };

    private string QueueReason(JobRecord job, JobQueue queue)
    {
        var what = job switch
        {
            { LostLeases: > 0 } => $"trainer lost in attempt {job.Attempt}, goes on when another takes it: ",
            { Attempt: > 0 } => "goes on when a trainer takes it: ",
            _ => "",
        };
        // Then not even its lease can be written, nor a trainer's sign of life.
        if (DiskSpace.Free(workspace.Path) < LeastFreeBytes)
            return what + "the disk of the workspace is full; it goes on when there is room";
        if (queue.LiveTrainers == 0)
        {
            return what + (trainer.Enabled ? "no trainer is alive; the server starts one, its log tells how that goes"
                : "no trainer is alive, and this server starts none (Trainer:Enabled is false)");
        }
        var running = string.Join(", ", queue.Running.Take(MaxJobsNamed).Select(ResourceNames.OfJob))
            + (queue.Running.Count > MaxJobsNamed ? ", ..." : "");
        return what + (queue switch
        {
            { JobsBefore: 0, Running: [] } => "next; a trainer takes it any moment",
            { JobsBefore: 0 } => $"next when a trainer is free; running: {running}",
            { JobsBefore: var before, Running: [] } => Before(before),
            _ => $"{Before(queue.JobsBefore)}; running: {running}",
        });
    }

    private static string Before(int jobs) => jobs == 1 ? "1 job comes before it" : $"{jobs} jobs come before it";

    // Never negative: the clock may have been set back since.
    private TimeSpan? HeartbeatAge(JobRecord job) => job is { State: Core.Store.JobState.Running, HeartbeatTime: { } last }
        ? TimeSpan.FromTicks(Math.Max(0, (time.GetUtcNow() - last).Ticks))
        : null;

    private static PromotionOutcome Of(JobPromotion promotion)
    {
        var message = new PromotionOutcome
        {
            Promoted = promotion.IsPromoted,
            Reason = promotion.Reason,
            PreviousVersion = promotion.Previous?.ToString() ?? "",
        };
        if (promotion.PreviousAccuracy is { } previous)
            message.PreviousAccuracy = previous;
        if (promotion.NewAccuracy is { } accuracy)
            message.NewAccuracy = accuracy;
        return message;
    }

    // Names and order are those of the protocol.
    private static JobState Of(Core.Store.JobState state) => (JobState)(int)state;

    private static FineTuneProgress Of(JobProgress progress)
    {
        var message = new FineTuneProgress
        {
            Phase = progress.Phase,
            Step = progress.Step,
            TotalSteps = progress.TotalSteps,
            TimeLeft = progress.TimeLeft is { } left ? Duration.FromTimeSpan(left) : null,
            Time = progress.Time.ToTimestamp(),
        };
        if (progress.Loss is { } loss)
            message.Loss = loss;
        if (progress.LearningRate is { } rate)
            message.LearningRate = rate;
        if (progress.ImagesPerSecond is { } speed)
            message.ImagesPerSecond = speed;
        if (progress.ValidationAccuracy is { } accuracy)
            message.ValidationAccuracy = accuracy;
        if (progress.BestValidationAccuracy is { } best)
            message.BestValidationAccuracy = best;
        return message;
    }

    private static FineTuneSpec Of(Core.Store.FineTuneSpec spec) => new()
    {
        Dataset = spec.DatasetId.Length == 0 ? "" : ResourceNames.OfDataset(spec.DatasetId),
        Model = ResourceNames.OfModel(spec.ModelId),
        Network = spec.Network ?? "",
        Base = spec.Base?.ToString() ?? "",
        Method = spec.Method,
        Recipe = spec.Recipe,
        Engine = spec.Engine ?? "",
        Overrides = Of(spec.Overrides),
        Promotion = (PromotionRule)(int)spec.Promotion,
        PromotionAlias = spec.PromotionAlias ?? "",
    };

    private static FineTuneOverrides Of(Core.Store.FineTuneOverrides given)
    {
        var message = new FineTuneOverrides { TimeBudget = given.TimeBudget is { } budget ? Duration.FromTimeSpan(budget) : null };
        if (given.Steps is { } steps)
            message.Steps = steps;
        if (given.BatchSize is { } batchSize)
            message.BatchSize = batchSize;
        if (given.MicroBatchSize is { } microBatchSize)
            message.MicroBatchSize = microBatchSize;
        if (given.LearningRate is { } learningRate)
            message.LearningRate = learningRate;
        if (given.Resize is { } resize)
            message.Resize = resize;
        if (given.Crop is { } crop)
            message.Crop = crop;
        if (given.MixupAlpha is { } mixupAlpha)
            message.MixupAlpha = mixupAlpha;
        if (given.Momentum is { } momentum)
            message.Momentum = momentum;
        if (given.WeightDecay is { } weightDecay)
            message.WeightDecay = weightDecay;
        if (given.WarmupSteps is { } warmupSteps)
            message.WarmupSteps = warmupSteps;
        if (given.EvaluationInterval is { } evaluationInterval)
            message.EvaluationInterval = evaluationInterval;
        if (given.EarlyStoppingPatience is { } patience)
            message.EarlyStoppingPatience = patience;
        if (given.Seed is { } seed)
            message.Seed = seed;
        if (given.HeadSteps is { } headSteps)
            message.HeadSteps = headSteps;
        return message;
    }
}
