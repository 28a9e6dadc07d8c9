using BiT.Core.Store;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Core.Runtime;

/// <summary>Opens inference graphs of the store; the only way to do so, for a graph may have its weights in a second blob.</summary>
public static class StoredGraph
{
    /// <summary>metadata_props of a model with external data: sha256 of that data, as BiT.Graphs writes it.</summary>
    internal const string DataHashKey = "bit.data_sha256";

    /// <summary>Checks the hashes of a stored graph and opens it.</summary>
    /// <param name="blobs">The store.</param>
    /// <param name="graph">The blobs of the graph.</param>
    /// <param name="options">Provider and threads.</param>
    /// <param name="log">Receives a line if files had to be copied, and one if a provider was replaced.</param>
    /// <exception cref="BlobNotFoundException">A blob is not in the store.</exception>
    /// <exception cref="BlobCorruptException">A blob was cut short or changed.</exception>
    /// <exception cref="InvalidDataException">Not an inference graph of this project, or the data is of another one.</exception>
    /// <exception cref="ExecutionProviderException">The provider is unknown or cannot be loaded, and no fallback is allowed.</exception>
    /// <exception cref="OnnxRuntimeException">The file is not a model that ONNX Runtime can run.</exception>
    public static InferenceModel Open(BlobStore blobs, GraphBlobs graph, RuntimeOptions options, Action<string> log)
    {
        if (graph.Data is { } missing && !blobs.Contains(missing))
        {
            throw new BlobNotFoundException(missing, $"The weights of inference graph {graph.Model} are in blob {missing}, which is not in the store "
                + $"(expected at {blobs.PathOf(missing)}). Restore it from a backup, or import or train the version again.");
        }
        blobs.Verify(graph.Model);
        if (graph.Data is not { } data)
            return InferenceModel.Open(blobs.PathOf(graph.Model), options, log);
        blobs.Verify(data);
        using var files = blobs.PlaceGraph(graph.Model, data, log);
        var model = InferenceModel.Open(files.ModelPath, options, log);
        if (model.Metadata.GetValueOrDefault(DataHashKey) is var own && own == data)
            return model;
        model.Dispose();
        throw new InvalidDataException($"Inference graph {graph.Model} belongs to the external data {own ?? "of nothing"}; the version names {data}. "
            + "Import or train the version again.");
    }
}
