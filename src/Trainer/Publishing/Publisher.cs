using System.Text.Json;
using BiT.Core.Imaging;
using BiT.Core.Store;
using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Training.Publishing;

/// <summary>Turns weights into the files of a model version and stores them. Nothing is visible before the version's row is written.</summary>
/// <param name="workspace">Where they are stored.</param>
/// <param name="externalDataThreshold">Bytes of weights beyond which an inference graph keeps them in a file of their own.</param>
internal sealed class Publisher(Workspace workspace, long externalDataThreshold = OnnxWriter.ExternalDataThreshold)
{
    /// <summary>Stores the inference graph of weights.</summary>
    /// <param name="weights">With or without a head.</param>
    /// <param name="imageSize">Side of the input, in pixels.</param>
    /// <param name="labels">Class names; null for a backbone.</param>
    /// <returns>Its blobs; equal weights, size and labels give equal ones.</returns>
    public GraphBlobs StoreInferenceGraph(WeightSet weights, int imageSize, IReadOnlyList<string>? labels)
    {
        var metadata = new Dictionary<string, string>
        {
            [OwnInferenceGraph.NetworkKey] = weights.Network.Name,
            [OwnInferenceGraph.PreprocessingKey] = new Preprocessing { Height = imageSize, Width = imageSize }.ToJson(),
        };
        if (labels is not null)
            metadata[OwnInferenceGraph.LabelsKey] = JsonSerializer.Serialize(labels);
        return StoreGraph(InferenceGraph.Build(weights, imageSize, metadata));
    }

    /// <summary>Stores a finished inference graph.</summary>
    /// <returns>Its blobs.</returns>
    public GraphBlobs StoreGraph(Graph graph) => InFolder(folder =>
    {
        var files = OnnxWriter.Write(graph, Path.Combine(folder, GraphBlobs.ModelFile), externalDataThreshold);
        return new GraphBlobs(workspace.Blobs.PutFile(files[0]), files.Count > 1 ? workspace.Blobs.PutFile(files[1]) : null);
    });

    /// <summary>Stores raw weights as an npz file and returns the blob's hash.</summary>
    public string StoreWeights(WeightSet weights) => StoreFile("weights.npz", path => NpzWeights.Write(path, weights));

    /// <summary>Stores the head of weights as an npz file and returns the blob's hash.</summary>
    public string StoreHead(WeightSet weights) => StoreFile("head.npz", path => NpzWeights.WriteHead(path, weights));

    private string StoreFile(string name, Action<string> write) => InFolder(folder =>
    {
        var path = Path.Combine(folder, name);
        write(path);
        return workspace.Blobs.PutFile(path);
    });

    private T InFolder<T>(Func<string, T> store)
    {
        var folder = Directory.CreateDirectory(Path.Combine(workspace.TemporaryFolder, $"publish-{Guid.NewGuid():N}")).FullName;
        try
        {
            return store(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
