namespace BiT.Client;

/// <summary>A named line of versions.</summary>
public sealed record Model
{
    /// <summary>The alias that answers requests which name only the model.</summary>
    public const string LiveAlias = "live";

    /// <summary><c>models/{model}</c>.</summary>
    public required string Name { get; init; }

    /// <summary>When its first version was stored.</summary>
    public DateTimeOffset? CreateTime { get; init; }

    /// <summary>Alias to version name.</summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>();

    /// <summary>The newest version.</summary>
    public ModelVersion? LatestVersion { get; init; }
}

/// <summary>An immutable result of one job.</summary>
public sealed record ModelVersion
{
    /// <summary><c>models/{model}/versions/{version}</c>, numbered from 1.</summary>
    public required string Name { get; init; }

    /// <summary>When it was published.</summary>
    public DateTimeOffset? CreateTime { get; init; }

    /// <summary>How it was trained: <c>full</c> or <c>head</c>; <c>backbone</c> for imported weights without a head, to start from;
    /// <c>inference</c> for an imported infer.onnx, which cannot be trained from.</summary>
    public string Method { get; init; } = "";

    /// <summary>Network, for example <c>bit-tiny</c>.</summary>
    public string Network { get; init; } = "";

    /// <summary>Class names by class index.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Side of the square input, in pixels.</summary>
    public int InputSize { get; init; }

    /// <summary>Share of validation photos classified right, 0 to 1; null without validation photos.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>The job that made it, <c>fineTuneJobs/{job}</c>; empty if it was imported.</summary>
    public string Job { get; init; } = "";

    /// <summary>The data set it learned from, <c>datasets/{dataset}</c>; empty if it was imported.</summary>
    public string Dataset { get; init; } = "";

    /// <summary>The whole manifest as JSON.</summary>
    public string ManifestJson { get; init; } = "";
}
