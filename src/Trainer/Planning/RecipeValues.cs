namespace BiT.Training.Planning;

/// <summary>What a recipe decides, before the overrides that do not depend on it.</summary>
internal sealed record RecipeValues
{
    public required string Method { get; init; }
    public required Resolution Resolution { get; init; }
    public required int BatchSize { get; init; }
    public required LearningRateSchedule Schedule { get; init; }
    public required double MixupAlpha { get; init; }

    /// <summary>bit_pytorch/train.py: SGD with momentum 0.9.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>None when fine-tuning (bit_pytorch/train.py).</summary>
    public double WeightDecay { get; init; }

    /// <summary>As <see cref="TrainingPlan.StandardizationFloor"/>.</summary>
    public double? StandardizationFloor { get; init; }

    /// <summary>Steps in which a new head is trained alone before all weights are; 0 for none.</summary>
    public int HeadSteps { get; init; }

    /// <summary>The crop of a head that competes with all weights, in pixels; null for none.</summary>
    public int? HeadCandidateCrop { get; init; }

    /// <summary>Steps; null leaves it to <see cref="PlanAssembly"/>.</summary>
    public int? EvaluationInterval { get; init; }

    public int EarlyStoppingPatience { get; init; }
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>Seconds of training per optimiser step as measured; null if not measured, or if steps cost next to nothing.</summary>
    public double? SecondsPerStep { get; init; }

    /// <summary>Seconds before the first step: the features of <c>head</c>.</summary>
    public double SecondsOfPreparation { get; init; }

    public required IReadOnlyList<string> Reasons { get; init; }
}
