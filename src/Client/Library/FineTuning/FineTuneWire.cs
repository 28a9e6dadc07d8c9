using Google.Protobuf.WellKnownTypes;
using Wire = BiT.Protocol.V1;

namespace BiT.Client;

/// <summary>Between the records of this library and the messages of fine_tuning.proto.</summary>
internal static class FineTuneWire
{
    internal static Wire.FineTuneSpec ToWire(FineTuneSpec spec) => new()
    {
        Dataset = ResourceName.Dataset(spec.Dataset),
        Model = ResourceName.Model(spec.Model),
        Network = spec.Network,
        Base = spec.Base.Length == 0 ? "" : ResourceName.Model(spec.Base),
        Method = spec.Method,
        Recipe = spec.Recipe,
        Engine = spec.Engine,
        Overrides = ToWire(spec.Overrides),
        Promotion = (Wire.PromotionRule)spec.Promotion,
        PromotionAlias = spec.PromotionAlias,
    };

    internal static FineTuneJob FromWire(Wire.FineTuneJob job) => new()
    {
        Name = job.Name,
        Spec = FromWire(job.Spec ?? new Wire.FineTuneSpec()),
        State = (JobState)job.State,
        IsDone = job.Done,
        CreateTime = job.CreateTime?.ToDateTimeOffset(),
        StartTime = job.StartTime?.ToDateTimeOffset(),
        EndTime = job.EndTime?.ToDateTimeOffset(),
        Progress = job.Progress is null ? null : FromWire(job.Progress),
        PlanJson = job.PlanJson,
        ModelVersion = job.ModelVersion,
        Error = job.Error is null ? null : Failures.FromStatus(job.Error),
        Attempt = job.Attempt,
        IsCancelRequested = job.CancelRequested,
        WaitingReason = job.WaitingReason,
        IsPauseRequested = job.PauseRequested,
        HeartbeatAge = job.HeartbeatAge?.ToTimeSpan(),
        PromotionOutcome = job.PromotionOutcome is null ? null : FromWire(job.PromotionOutcome),
    };

    internal static FineTuneJobEvent FromWire(Wire.FineTuneJobEvent happened) => new()
    {
        Cursor = happened.Cursor,
        Time = happened.Time?.ToDateTimeOffset(),
        State = happened.EventCase == Wire.FineTuneJobEvent.EventOneofCase.State ? (JobState)happened.State : null,
        Progress = happened.EventCase == Wire.FineTuneJobEvent.EventOneofCase.Progress ? FromWire(happened.Progress) : null,
        Message = happened.EventCase == Wire.FineTuneJobEvent.EventOneofCase.Message ? happened.Message : null,
        PlanJson = happened.EventCase == Wire.FineTuneJobEvent.EventOneofCase.PlanJson ? happened.PlanJson : null,
        Job = happened.Job is null ? null : FromWire(happened.Job),
        HeartbeatAge = happened.HeartbeatAge?.ToTimeSpan(),
        IsHeartbeat = happened is { Cursor: 0, EventCase: Wire.FineTuneJobEvent.EventOneofCase.None },
    };

    internal static FineTuneEstimate FromWire(Wire.FineTuneEstimate estimate, string planJson) => new()
    {
        PlanJson = planJson,
        Duration = estimate.Duration?.ToTimeSpan() ?? default,
        PeakMemoryBytes = estimate.PeakMemoryBytes,
        ImagesPerSecond = estimate.ImagesPerSecond,
        DiskBytes = estimate.DiskBytes,
        IsMeasuredWhileBusy = estimate.MeasuredWhileBusy,
    };

    private static PromotionOutcome FromWire(Wire.PromotionOutcome outcome) => new()
    {
        IsPromoted = outcome.Promoted,
        Reason = outcome.Reason,
        PreviousVersion = outcome.PreviousVersion,
        PreviousAccuracy = outcome.HasPreviousAccuracy ? outcome.PreviousAccuracy : null,
        NewAccuracy = outcome.HasNewAccuracy ? outcome.NewAccuracy : null,
    };

    private static FineTuneSpec FromWire(Wire.FineTuneSpec spec) => new()
    {
        Dataset = spec.Dataset,
        Model = spec.Model,
        Network = spec.Network,
        Base = spec.Base,
        Method = spec.Method,
        Recipe = spec.Recipe,
        Engine = spec.Engine,
        Overrides = FromWire(spec.Overrides ?? new Wire.FineTuneOverrides()),
        Promotion = (PromotionRule)spec.Promotion,
        PromotionAlias = spec.PromotionAlias,
    };

    private static FineTuneProgress FromWire(Wire.FineTuneProgress progress) => new()
    {
        Phase = progress.Phase,
        Step = progress.Step,
        TotalSteps = progress.TotalSteps,
        Loss = progress.HasLoss ? progress.Loss : null,
        LearningRate = progress.HasLearningRate ? progress.LearningRate : null,
        ImagesPerSecond = progress.HasImagesPerSecond ? progress.ImagesPerSecond : null,
        ValidationAccuracy = progress.HasValidationAccuracy ? progress.ValidationAccuracy : null,
        BestValidationAccuracy = progress.HasBestValidationAccuracy ? progress.BestValidationAccuracy : null,
        TimeLeft = progress.TimeLeft?.ToTimeSpan(),
        Time = progress.Time?.ToDateTimeOffset(),
    };

    private static FineTuneOverrides FromWire(Wire.FineTuneOverrides values) => new()
    {
        Steps = values.HasSteps ? values.Steps : null,
        BatchSize = values.HasBatchSize ? values.BatchSize : null,
        MicroBatchSize = values.HasMicroBatchSize ? values.MicroBatchSize : null,
        LearningRate = values.HasLearningRate ? values.LearningRate : null,
        Resize = values.HasResize ? values.Resize : null,
        Crop = values.HasCrop ? values.Crop : null,
        MixupAlpha = values.HasMixupAlpha ? values.MixupAlpha : null,
        Momentum = values.HasMomentum ? values.Momentum : null,
        WeightDecay = values.HasWeightDecay ? values.WeightDecay : null,
        WarmupSteps = values.HasWarmupSteps ? values.WarmupSteps : null,
        EvaluationInterval = values.HasEvaluationInterval ? values.EvaluationInterval : null,
        EarlyStoppingPatience = values.HasEarlyStoppingPatience ? values.EarlyStoppingPatience : null,
        Seed = values.HasSeed ? values.Seed : null,
        TimeBudget = values.TimeBudget?.ToTimeSpan(),
        HeadSteps = values.HasHeadSteps ? values.HeadSteps : null,
    };

    // Unset optional fields must stay unset: 0 is a value (early stopping off, MixUp off).
    private static Wire.FineTuneOverrides ToWire(FineTuneOverrides values)
    {
        var wire = new Wire.FineTuneOverrides();
        if (values.Steps is { } steps)
            wire.Steps = steps;
        if (values.BatchSize is { } batchSize)
            wire.BatchSize = batchSize;
        if (values.MicroBatchSize is { } microBatchSize)
            wire.MicroBatchSize = microBatchSize;
        if (values.LearningRate is { } learningRate)
            wire.LearningRate = learningRate;
        if (values.Resize is { } resize)
            wire.Resize = resize;
        if (values.Crop is { } crop)
            wire.Crop = crop;
        if (values.MixupAlpha is { } mixupAlpha)
            wire.MixupAlpha = mixupAlpha;
        if (values.Momentum is { } momentum)
            wire.Momentum = momentum;
        if (values.WeightDecay is { } weightDecay)
            wire.WeightDecay = weightDecay;
        if (values.WarmupSteps is { } warmupSteps)
            wire.WarmupSteps = warmupSteps;
        if (values.EvaluationInterval is { } evaluationInterval)
            wire.EvaluationInterval = evaluationInterval;
        if (values.EarlyStoppingPatience is { } patience)
            wire.EarlyStoppingPatience = patience;
        if (values.Seed is { } seed)
            wire.Seed = seed;
        if (values.TimeBudget is { } timeBudget)
            wire.TimeBudget = Duration.FromTimeSpan(timeBudget);
        if (values.HeadSteps is { } headSteps)
            wire.HeadSteps = headSteps;
        return wire;
    }
}
