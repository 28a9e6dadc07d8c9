namespace BiT.Core.Store;

/// <summary>The blobs of one stored inference graph.</summary>
/// <param name="Model">The infer.onnx. Its hash says everything: a model with external data holds the hash of that data.</param>
/// <param name="Data">Its external data, the weights of a network that one ONNX file cannot hold; null if the model holds them itself.</param>
public sealed record GraphBlobs(string Model, string? Data = null)
{
    /// <summary>Name of the model's file where it lies beside its data.</summary>
    public const string ModelFile = "infer.onnx";

    /// <summary>Name by which the model refers to its data.</summary>
    public const string DataFile = ModelFile + ".data";
}
