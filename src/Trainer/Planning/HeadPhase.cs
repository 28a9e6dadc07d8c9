using System.Text.Json.Serialization;

namespace BiT.Training.Planning;

/// <summary>A new head is trained alone before all weights are (linear probing, then fine-tuning): from a head that answers 0, the first steps
/// would change the backbone by the gradients of an ignorant head.</summary>
/// <param name="BatchSize">Feature vectors per optimiser step.</param>
/// <param name="MicroBatchSize">Feature vectors per pass; divides the batch.</param>
/// <param name="Schedule">Steps and rates.</param>
/// <remarks>Source: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution".</remarks>
public sealed record HeadPhase(int BatchSize, int MicroBatchSize, LearningRateSchedule Schedule)
{
    private const int Evaluations = 20;

    /// <summary>As <see cref="TrainingPlan.StandardizationFloor"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? StandardizationFloor { get; init; }

    /// <summary>The phase as a run of its own, with the data and the seed of the run that it begins.</summary>
    internal TrainingPlan PlanOf(TrainingPlan whole) => whole with
    {
        Method = "head",
        Engine = null,
        HeadFirst = null,
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
