using System.Text.Json.Serialization;

namespace BiT.Core.Store;

/// <summary>Names one version of a model.</summary>
/// <param name="ModelId">Id of the model, for example <c>flowers</c>.</param>
/// <param name="Number">Version number, from 1.</param>
public sealed record ModelVersionId(string ModelId, int Number)
{
    /// <summary>The resource name, <c>models/{model}/versions/{version}</c>.</summary>
    public override string ToString() => $"models/{ModelId}/versions/{Number}";
}

/// <summary>What a version consists of and where it came from. Stored as JSON beside the version's row.</summary>
/// <remarks>All files are blobs, named by their sha256; see docs/formats/models.md.</remarks>
public sealed record ModelManifest
{
    /// <summary>How the version was trained: <c>full</c>, <c>head</c>, <c>backbone</c> for imported weights without a head, which training
    /// can start from and nothing can be classified with, or <c>inference</c> for an imported infer.onnx, which classifies and cannot be
    /// trained from.</summary>
    public required string Method { get; init; }

    /// <summary>Network name, for example <c>bit-tiny</c>.</summary>
    public required string Network { get; init; }

    /// <summary>Class names by class index; at least one, but none for <c>backbone</c>.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Side of the square input of <see cref="InferenceGraph"/>, in pixels.</summary>
    public required int InputSize { get; init; }

    /// <summary>Blob of the infer.onnx. For <c>full</c> and <c>inference</c>: outputs logits and pre_logits. For <c>head</c>: the shared backbone's, whose
    /// pre_logits feed <see cref="Head"/>. For <c>backbone</c>: pre_logits only.</summary>
    public required string InferenceGraph { get; init; }

    /// <summary>Blob of the external data of <see cref="InferenceGraph"/>: the weights of a network that one ONNX file cannot hold (over
    /// 1.9 GB); null if the graph holds them itself.</summary>
    public string? InferenceGraphData { get; init; }

    /// <summary>Blobs of the inference graph together.</summary>
    [JsonIgnore]
    public GraphBlobs Graph => new(InferenceGraph, InferenceGraphData);

    /// <summary>Blob of the raw weights, npz in the official layout. For <c>head</c> and <c>backbone</c>: without a head. Null for
    /// <c>inference</c>: the graph holds folded weights only.</summary>
    public string? Weights { get; init; }

    /// <summary>Blob of the head, npz with resnet/head/conv2d/kernel (1,1,F,K) and /bias (K); null but for <c>head</c>.</summary>
    public string? Head { get; init; }

    /// <summary>Blob of the <see cref="Reports.VersionReport"/>, JSON; null for imported versions.</summary>
    public string? Report { get; init; }

    /// <summary>Best validation accuracy, 0 to 1; null without validation photos.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>Id of the job that made the version, and of the data set it learned from.</summary>
    public string? JobId { get; init; }

    /// <summary>Id of the data set.</summary>
    public string? DatasetId { get; init; }

    /// <summary>Further lineage for people and tools: plan, plan hash, fingerprint, best step, seconds by curve point. Values are JSON texts.</summary>
    public IReadOnlyDictionary<string, string> Lineage { get; init; } = new Dictionary<string, string>();
}

/// <summary>Files that were composed of a version's parts because somebody downloaded them. Kept so that the next download is at
/// once.</summary>
public sealed record ComposedFiles
{
    /// <summary>Blob of the backbone's graph with the head behind it.</summary>
    public string? InferenceGraph { get; init; }

    /// <summary>Blob of that graph's external data; null if the graph holds its weights itself.</summary>
    public string? InferenceGraphData { get; init; }

    /// <summary>Blob of the backbone's and the head's weights in one npz.</summary>
    public string? Weights { get; init; }

    /// <summary>Whether a file was composed and is still in the store.</summary>
    public bool Has(ComposedFile file, BlobStore blobs)
    {
        string?[] parts = file == ComposedFile.Weights ? [Weights] : [InferenceGraph, InferenceGraphData ?? InferenceGraph];
        return parts.All(blob => blob is not null && blobs.Contains(blob));
    }
}

/// <summary>Where an alias points.</summary>
/// <param name="Number">Version number.</param>
/// <param name="Previous">Where it pointed before its last move; null if it never moved.</param>
public sealed record AliasRecord(int Number, int? Previous);

/// <summary>A stored version.</summary>
public sealed record ModelVersionRecord(ModelVersionId Id, DateTimeOffset CreateTime, ModelManifest Manifest);

/// <summary>A model with its aliases (alias to version number) and newest version.</summary>
public sealed record ModelRecord(
    string Id, DateTimeOffset CreateTime, IReadOnlyDictionary<string, int> Aliases, ModelVersionRecord? LatestVersion);
