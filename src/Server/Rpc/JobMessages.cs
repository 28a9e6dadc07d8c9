using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Jobs;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using FineTuneOverrides = BiT.Protocol.V1.FineTuneOverrides;
using FineTuneSpec = BiT.Protocol.V1.FineTuneSpec;
using JobState = BiT.Protocol.V1.JobState;
using Status = Google.Rpc.Status;

namespace BiT.Serving.Rpc;

/// <summary>Jobs and their events as messages.</summary>
internal sealed class JobMessages(TrainerOptions trainer)
{
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
        Error = job.Error is { } error ? Of(error) : null,
        Attempt = job.Attempt,
        CancelRequested = job.CancelRequested,
        WaitingReason = WaitingReason(job),
    };

    /// <param name="job">The job as it stands, for events that carry it.</param>
    public FineTuneJobEvent Of(JobEvent item, JobRecord? job)
    {
        var message = new FineTuneJobEvent { Cursor = item.Cursor, Time = item.Time.ToTimestamp(), Job = job is null ? null : Of(job) };
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
        Core.Store.JobState.Queued when !trainer.Enabled => "waits for a trainer; this server starts none (Trainer:Enabled is false)",
        Core.Store.JobState.Queued when job.Attempt > 0 => "waits for a trainer to resume it",
        Core.Store.JobState.Queued => "waits for a trainer to become free",
        Core.Store.JobState.Paused => "is paused",
        Core.Store.JobState.Validating => "is being checked",
        _ => "",
    };

    // Names and order are those of the protocol.
    private static JobState Of(Core.Store.JobState state) => (JobState)(int)state;

    private static Status Of(JobError error)
    {
        var status = new Status { Code = (int)Code.Internal, Message = error.Message };
        status.Details.Add(Any.Pack(new ErrorInfo { Reason = error.Reason, Domain = ErrorMapping.Domain }));
        return status;
    }

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
        Dataset = ResourceNames.OfDataset(spec.DatasetId),
        Model = ResourceNames.OfModel(spec.ModelId),
        Network = spec.Network ?? "",
        Base = spec.Base?.ToString() ?? "",
        Method = spec.Method,
        Recipe = spec.Recipe,
        Overrides = Of(spec.Overrides),
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
        return message;
    }
}
