using BiT.Core.Store;

namespace BiT.Training.Planning;

/// <summary>What a plan needs to know about a data set.</summary>
public sealed record DatasetFacts
{
    /// <summary>Id of the data set.</summary>
    public required string DatasetId { get; init; }

    /// <summary>Class names by class index.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Training photos, without the validation ones.</summary>
    public required int TrainCount { get; init; }

    /// <summary>Validation photos; 0 means that accuracy is not measured.</summary>
    public required int ValidationCount { get; init; }

    /// <summary>Median of width times height over the training photos, in pixels.</summary>
    public required long MedianArea { get; init; }

    /// <summary>Counts a stored data set.</summary>
    public static DatasetFacts Of(DatasetRecord dataset) => new()
    {
        DatasetId = dataset.Id,
        Labels = dataset.Labels,
        TrainCount = dataset.Photos.Count(photo => photo.Split == Split.Train),
        ValidationCount = dataset.Photos.Count(photo => photo.Split == Split.Validation),
        MedianArea = dataset.MedianTrainArea,
    };
}

/// <summary>Everything that <see cref="Recipes.Resolve"/> decides from.</summary>
public sealed record PlanRequest
{
    /// <summary>What was asked for. A null <see cref="FineTuneSpec.Base"/> means <see cref="Backbone"/>.</summary>
    public required FineTuneSpec Spec { get; init; }

    /// <summary>The data set.</summary>
    public required DatasetFacts Data { get; init; }

    /// <summary>Network of the base version; null without a base.</summary>
    public string? BaseNetwork { get; init; }

    /// <summary>The backbone that comes with the trainer for the network; null if there is none, or a base, or random weights are
    /// asked for.</summary>
    public ShippedBackbone? Backbone { get; init; }

    /// <summary>The largest crop that the recipe <c>auto</c> may choose to train all weights, in pixels; null leaves it to the photos.</summary>
    public int? LargestCrop { get; init; }

    /// <summary>The same for the method <c>head</c>.</summary>
    public int? LargestHeadCrop { get; init; }

    /// <summary>The learning rate with which the recipe <c>auto</c> trains all weights of a pre-trained network; null for the lighter
    /// setting's.</summary>
    public double? TuneRate { get; init; }

    /// <summary>Whether the base has a head for the same classes, which the run starts with.</summary>
    public bool BaseKnowsClasses { get; init; }

    /// <summary>Whether the run starts from weights that have learnt something.</summary>
    public bool IsPretrained => Spec.Base is not null || Backbone is not null;

    /// <summary>Most photos that fit into memory in one pass: (method, crop as a side in pixels) to a count. For <c>full</c> of a forward
    /// and backward pass over the network; for <c>head</c> of a pass over the head, whose features come from the crop before. 0 if not even
    /// one does; for <c>head</c> if the backbone does not fit with one photo.</summary>
    public required Func<string, int, int> MaxMicroBatch { get; init; }

    /// <summary>Measures this machine for the recipe <c>auto</c>: (method, crop, micro-batch) to seconds per photo. For <c>full</c> one
    /// forward
    /// and backward pass, for <c>head</c> one forward pass of the backbone. Called once per combination, smallest crop first, and never
    /// for a
    /// crop behind the first that is too slow.</summary>
    public Func<string, int, int, double>? SecondsPerImage { get; init; }
}
