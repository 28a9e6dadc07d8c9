namespace BiT.Core.Store;

/// <summary>Request of <see cref="TaskKind.Compose"/>: put a head version's backbone and head into one file. The result is
/// <see cref="ComposedFiles"/> with at least that file, noted with the version already.</summary>
public sealed record ComposeTask
{
    /// <summary>The version, of method <c>head</c>.</summary>
    public required ModelVersionId Version { get; init; }

    /// <summary>Which file.</summary>
    public required ComposedFile File { get; init; }
}

/// <summary>A file that is composed of a backbone and a head.</summary>
public enum ComposedFile
{
    /// <summary>The whole network as one graph.</summary>
    InferenceGraph = 1,

    /// <summary>All weights in one npz.</summary>
    Weights = 2,
}
