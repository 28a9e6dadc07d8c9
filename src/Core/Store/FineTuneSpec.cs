namespace BiT.Core.Store;

/// <summary>What a fine-tuning job was asked to do. Stored as JSON; the server writes it, the trainer reads it.</summary>
public sealed record FineTuneSpec
{
    /// <summary>Id of the data set (sha256, hexadecimal).</summary>
    public required string DatasetId { get; init; }

    /// <summary>Id of the model that receives the new version.</summary>
    public required string ModelId { get; init; }

    /// <summary>Network name, for example <c>bit-tiny</c>; null takes the base's network, or bit-tiny.</summary>
    public string? Network { get; init; }

    /// <summary>The model version whose weights the job starts from; null starts from the backbone that comes with the trainer for the network, if there is one
    /// and the recipe is not <c>scratch</c>; otherwise from random weights.</summary>
    public ModelVersionId? Base { get; init; }

    /// <summary><c>auto</c>, <c>full</c> or <c>head</c>.</summary>
    public string Method { get; init; } = "auto";

    /// <summary><c>auto</c>, <c>paper</c>, <c>lite</c>, <c>tutorial</c> or <c>scratch</c>.</summary>
    public string Recipe { get; init; } = "auto";

    /// <summary><see cref="OrtTrainingEngine"/>; null means this service's own engine.</summary>
    public string? Engine { get; init; }

    /// <summary>Values that replace the recipe's.</summary>
    public FineTuneOverrides Overrides { get; init; } = new();

    /// <summary>When the new version takes over an alias.</summary>
    public PromotionRule Promotion { get; init; }

    /// <summary>The alias of <see cref="Promotion"/>; null means <see cref="DefaultPromotionAlias"/>.</summary>
    public string? PromotionAlias { get; init; }

    /// <summary>ONNX Runtime Training, which a trainer may have been built without.</summary>
    public const string OrtTrainingEngine = "ort-training";

    /// <summary>The alias that answers requests which name only a model.</summary>
    public const string DefaultPromotionAlias = "live";
}

/// <summary>Values that replace what a recipe resolves to; null keeps the recipe's. Ranges: fine_tuning.proto.</summary>
public sealed record FineTuneOverrides
{
    public int? Steps { get; init; }
    public int? BatchSize { get; init; }
    public int? MicroBatchSize { get; init; }
    public double? LearningRate { get; init; }
    public int? Resize { get; init; }
    public int? Crop { get; init; }
    public double? MixupAlpha { get; init; }
    public double? Momentum { get; init; }
    public double? WeightDecay { get; init; }
    public int? WarmupSteps { get; init; }
    public int? EvaluationInterval { get; init; }
    public int? EarlyStoppingPatience { get; init; }
    public long? Seed { get; init; }
    public TimeSpan? TimeBudget { get; init; }
    public int? HeadSteps { get; init; }
}
