namespace BiT.Core.Store;

/// <summary>When the version of a job takes over an alias. Numbers as in fine_tuning.proto.</summary>
public enum PromotionRule
{
    /// <summary>Never by itself.</summary>
    None = 0,

    /// <summary>As soon as it is published and loads.</summary>
    Always = 1,

    /// <summary>If it classifies more of the job's validation photos right than the version that the alias names, or if the alias names
    /// none.</summary>
    IfBetter = 2,
}

/// <summary>The new version and the one behind the alias, measured at the end of a job on the same photos with the code that serves.</summary>
public sealed record JobComparison
{
    /// <summary>Validation photos of the job.</summary>
    public required int PhotoCount { get; init; }

    /// <summary>The version that the alias named; null if it named none.</summary>
    public ModelVersionId? Previous { get; init; }

    /// <summary>Photos that <see cref="Previous"/> classifies right; null if it was not measured.</summary>
    public int? PreviousCorrect { get; init; }

    /// <summary>Photos that the new version classifies right; null if it was not measured.</summary>
    public int? NewCorrect { get; init; }

    /// <summary>Classes of the job that <see cref="Previous"/> does not know: their photos count as wrong.</summary>
    public IReadOnlyList<string> MissingClasses { get; init; } = [];

    /// <summary>Why <see cref="Previous"/> could not be measured; null if it was, or did not need to be.</summary>
    public string? Problem { get; init; }
}

/// <summary>What became of a promotion.</summary>
public sealed record JobPromotion
{
    /// <summary>True if the alias named the new version afterwards.</summary>
    public required bool IsPromoted { get; init; }

    /// <summary>Why, or why not, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>The version that the alias named before; null if none.</summary>
    public ModelVersionId? Previous { get; init; }

    /// <summary>Share of the job's validation photos that <see cref="Previous"/> classifies right, 0 to 1; null if not compared.</summary>
    public double? PreviousAccuracy { get; init; }

    /// <summary>The same of the new version.</summary>
    public double? NewAccuracy { get; init; }
}
