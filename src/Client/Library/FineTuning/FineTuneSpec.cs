namespace BiT.Client;

/// <summary>What to train, on what, and how. Empty strings leave the choice to the service.</summary>
public sealed record FineTuneSpec
{
    /// <summary>The data set, <c>datasets/{dataset}</c>.</summary>
    public required string Dataset { get; init; }

    /// <summary>The model that receives the new version; created if it does not exist.</summary>
    public required string Model { get; init; }

    /// <summary><c>bit-tiny</c>, <c>R50x1</c>, ... Empty: the base's network, or <c>bit-tiny</c>.</summary>
    public string Network { get; init; } = "";

    /// <summary>Whose weights to start from: a model, <c>model@alias</c> or a version. Empty: the pre-trained backbone that
    /// comes with the trainer for the network, if there is one (<c>bit-tiny</c>) and the recipe is not <c>scratch</c>; otherwise random weights.</summary>
    public string Base { get; init; } = "";

    /// <summary><c>full</c> (all weights), <c>head</c> (frozen backbone) or <c>auto</c>, the default: with the recipe <c>auto</c> what the
    /// photos and the budget allow, and of both the better.</summary>
    public string Method { get; init; } = "";

    /// <summary><c>paper</c>, <c>lite</c>, <c>tutorial</c>, <c>scratch</c> or <c>auto</c>, the default.</summary>
    public string Recipe { get; init; } = "";

    /// <summary><c>bit</c> (the service's own engine, the default) or <c>ort-training</c> (ONNX Runtime Training, where the trainer was built
    /// with it).</summary>
    public string Engine { get; init; } = "";

    /// <summary>Values that replace the recipe's.</summary>
    public FineTuneOverrides Overrides { get; init; } = new();

    /// <summary>Whether the new version takes over an alias when the job succeeds.</summary>
    public PromotionRule Promotion { get; init; }

    /// <summary>The alias of <see cref="Promotion"/>. Empty: <c>live</c>.</summary>
    public string PromotionAlias { get; init; } = "";
}

/// <summary>When the new version of a job takes over an alias. Numbers as in fine_tuning.proto.</summary>
public enum PromotionRule
{
    /// <summary>Never by itself.</summary>
    Never = 0,

    /// <summary>As soon as it is published and loads.</summary>
    Always = 1,

    /// <summary>If it classifies more of the job's validation photos right than the version that the alias names, or if the alias names
    /// none.</summary>
    IfBetter = 2,
}

/// <summary>Values that replace what the recipe resolves to; null keeps the recipe's. The service checks the ranges.</summary>
public sealed record FineTuneOverrides
{
    /// <summary>Optimiser steps, 1 to 1,000,000. Scales the schedule.</summary>
    public int? Steps { get; init; }

    /// <summary>Photos per optimiser step, 1 to 4096.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Photos per forward and backward pass, 1 to the batch size.</summary>
    public int? MicroBatchSize { get; init; }

    /// <summary>Highest learning rate, over 0 and at most 10.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Side that photos are resized to for training, 32 to 1024 pixels, at least the crop.</summary>
    public int? Resize { get; init; }

    /// <summary>Side of the square that the network sees, 32 to 1024 pixels.</summary>
    public int? Crop { get; init; }

    /// <summary>MixUp's alpha, 0 (off) to 10.</summary>
    public double? MixupAlpha { get; init; }

    /// <summary>0 to 1.</summary>
    public double? Momentum { get; init; }

    /// <summary>0 to 1.</summary>
    public double? WeightDecay { get; init; }

    /// <summary>Steps of linear warm-up from 0, 0 to the steps.</summary>
    public int? WarmupSteps { get; init; }

    /// <summary>Steps between two evaluations, 1 to 1,000,000.</summary>
    public int? EvaluationInterval { get; init; }

    /// <summary>Stop after this many evaluations without improvement; 0 turns early stopping off.</summary>
    public int? EarlyStoppingPatience { get; init; }

    /// <summary>Seed of every random choice.</summary>
    public long? Seed { get; init; }

    /// <summary>What the recipe <c>auto</c> may spend on training, 10 seconds to 30 days.</summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>For the method <c>full</c>: steps in which a new head is trained alone before all weights are; 0 (none) to 10,000.</summary>
    public int? HeadSteps { get; init; }
}
