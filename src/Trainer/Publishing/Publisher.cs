using System.Text.Json;
using BiT.Core.Imaging;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Training.Publishing;

/// <summary>Turns weights into the files of a model version and stores them. Nothing is visible before the version's row is written.</summary>
internal sealed class Publisher(Workspace workspace)
{
    /// <summary>Stores the inference graph of weights.</summary>
    /// <param name="weights">With or without a head.</param>
    /// <param name="imageSize">Side of the input, in pixels.</param>
    /// <param name="labels">Class names; null for a backbone.</param>
    /// <returns>The blob's hash.</returns>
    public string StoreInferenceGraph(WeightSet weights, int imageSize, IReadOnlyList<string>? labels)
    {
        var metadata = new Dictionary<string, string>
        {
            [OwnInferenceGraph.NetworkKey] = weights.Network.Name,
            [OwnInferenceGraph.PreprocessingKey] = new Preprocessing { Height = imageSize, Width = imageSize }.ToJson(),
        };
        if (labels is not null)
            metadata[OwnInferenceGraph.LabelsKey] = JsonSerializer.Serialize(labels);
        return StoreFile("infer.onnx", path => WriteGraph(InferenceGraph.Build(weights, imageSize, metadata), path));
    }

    /// <summary>Stores a finished inference graph and returns the blob's hash.</summary>
    /// <exception cref="GraphException">It does not fit into one file.</exception>
    public string StoreGraph(Graph graph) => StoreFile("infer.onnx", path => WriteGraph(graph, path));

    /// <summary>Stores raw weights as an npz file and returns the blob's hash.</summary>
    public string StoreWeights(WeightSet weights) => StoreFile("weights.npz", path => NpzWeights.Write(path, weights));

    /// <summary>Stores the head of weights as an npz file and returns the blob's hash.</summary>
    public string StoreHead(WeightSet weights) => StoreFile("head.npz", path => NpzWeights.WriteHead(path, weights));

    private static void WriteGraph(Graph graph, string path)
    {
        var files = OnnxWriter.Write(graph, path);
        if (files.Count > 1)
        {
            throw new GraphException($"The inference graph is larger than the 2 GiB that one ONNX file can hold; versions of one file are stored so far. "
                + "Choose a network smaller than R152x4.");
        }
    }

    private string StoreFile(string name, Action<string> write)
    {
        var folder = Directory.CreateDirectory(Path.Combine(workspace.TemporaryFolder, $"publish-{Guid.NewGuid():N}")).FullName;
        try
        {
            var path = Path.Combine(folder, name);
            write(path);
            return workspace.Blobs.PutFile(path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
