using System.Text.Json.Serialization;

namespace BiT.Training.Planning;

/// <summary>A new head that is trained alone, on features that are computed once, within a run of all weights.</summary>
/// <param name="BatchSize">Feature vectors per optimiser step.</param>
/// <param name="MicroBatchSize">Feature vectors per pass; divides the batch.</param>
/// <param name="Schedule">Steps and rates.</param>
public sealed record HeadPhase(int BatchSize, int MicroBatchSize, LearningRateSchedule Schedule)
{
    private const int Evaluations = 20;

    /// <summary>Side of the square that the network sees, in pixels; null is the whole run's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Crop { get; init; }

    /// <summary>As <see cref="TrainingPlan.StandardizationFloor"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? StandardizationFloor { get; init; }

    /// <summary>The phase as a run of its own, with the data and the seed of the run that it belongs to.</summary>
    internal TrainingPlan PlanOf(TrainingPlan whole) => whole with
    {
        Method = "head",
        Engine = null,
        HeadFirst = null,
        HeadCandidate = null,
        Crop = Crop ?? whole.Crop,
        Resize = Math.Max(Crop ?? 0, whole.Resize),
        BatchSize = BatchSize,
        MicroBatchSize = MicroBatchSize,
        Schedule = Schedule,
        StandardizationFloor = StandardizationFloor,
        MixupAlpha = 0,
        WeightDecay = 0,
        EvaluationInterval = Math.Max(1, Schedule.Steps / Evaluations),
        EarlyStoppingPatience = 0,
        Reasons = [],
    };
}
