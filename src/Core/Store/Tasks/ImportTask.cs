namespace BiT.Core.Store;

/// <summary>Request of <see cref="TaskKind.Import"/>: make a version of a file. The result is the version's name.</summary>
public sealed record ImportTask
{
    /// <summary>Blob of the file: an npz in the official layout, or an infer.onnx.</summary>
    public required string File { get; init; }

    /// <summary>Id of the model that receives the version.</summary>
    public required string ModelId { get; init; }

    /// <summary>Network of an npz; an infer.onnx says it itself, and null or the same is right there.</summary>
    public string? Network { get; init; }

    /// <summary>Class names of an npz with a head; empty numbers them.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Side of an npz's served input in pixels; null takes the default.</summary>
    public int? InputSize { get; init; }
}
