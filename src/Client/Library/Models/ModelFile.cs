namespace BiT.Client;

/// <summary>A file of a model version.</summary>
public enum ModelFile
{
    /// <summary>The whole network with its head as ONNX: <c>images</c> uint8 [N,S,S,3] to <c>logits</c> and <c>pre_logits</c>. A network
    /// over 1.9 GB comes as a zip of graph and data.</summary>
    InferenceGraph = 1,

    /// <summary>All weights with the head, npz in the official layout.</summary>
    Weights = 2,
}

/// <summary>How far a download or an import has come.</summary>
/// <param name="BytesDone">Bytes received or sent.</param>
/// <param name="ByteCount">Bytes in all.</param>
public sealed record TransferProgress(long BytesDone, long ByteCount);

/// <summary>What was downloaded; its bytes were checked against its hash.</summary>
/// <param name="ModelVersion"><c>models/{model}/versions/{version}</c>.</param>
/// <param name="FileName">Name that the service suggests, for example <c>flowers-3.onnx</c>.</param>
/// <param name="ByteCount">Its length.</param>
/// <param name="Sha256">Hash of the bytes, hexadecimal.</param>
/// <param name="Path">Full path of the file; empty if it went into a stream.</param>
public sealed record DownloadedModel(string ModelVersion, string FileName, long ByteCount, string Sha256, string Path);

/// <summary>What a file does not say about the version that is made of it.</summary>
public sealed record ImportSettings
{
    /// <summary>For an npz: the network, for example <c>R50x1</c>. An infer.onnx says it itself.</summary>
    public string Network { get; init; } = "";

    /// <summary>For an npz with a head: class names by class index. Empty: <c>class 0</c>, <c>class 1</c>, ...</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>For an npz: side of the square input, 32 to 1024 pixels; null takes 224.</summary>
    public int? InputSize { get; init; }
}
