using BiT.Core.Store;
using BiT.Core.Weights;
using BiT.Graphs;
using BiT.Graphs.Serialization;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Models whose features are the mean red, green and blue of an 8 x 8 image: enough to tell colours apart.</summary>
internal static class TinyModels
{
    public const int Side = 8;
    private const int Colours = 3;

    private static readonly Dimension Count = Dimension.Named("N");

    /// <summary>Imports a model that names the strongest colour.</summary>
    /// <param name="labels">Class names for red, green and blue.</param>
    public static ModelVersionRecord ImportFull(Workspace workspace, string modelId, params string[] labels) =>
        workspace.Models.Import(modelId,
            Manifest("full", Put(workspace, FullGraph(labels)), labels) with { Weights = PutBytes(workspace, [1]) });

    /// <summary>Imports the same model as <see cref="ImportFull"/>, scaled by the mean of a table that is large enough to lie outside.</summary>
    /// <param name="externalDataThreshold">Bytes of constants beyond which they go to a second blob.</param>
    public static ModelVersionRecord ImportWithTable(Workspace workspace, string modelId, long externalDataThreshold, params string[] labels)
    {
        var folder = Directory.CreateTempSubdirectory("bit-tests-").FullName;
        var files = OnnxWriter.Write(FullGraph(labels, hasTable: true), Path.Combine(folder, GraphBlobs.ModelFile), externalDataThreshold)
            .Select(workspace.Blobs.PutFile).ToArray();
        Directory.Delete(folder, recursive: true);
        return workspace.Models.Import(modelId,
            Manifest("full", files[0], labels) with { InferenceGraphData = files.ElementAtOrDefault(1), Weights = PutBytes(workspace, [1]) });
    }

    /// <summary>Imports a head over the shared backbone.</summary>
    /// <param name="kernel">[features, classes], row-major.</param>
    public static ModelVersionRecord ImportHead(Workspace workspace, string modelId, float[] kernel, params string[] labels)
    {
        var path = Path.Combine(workspace.TemporaryFolder, $"{Guid.NewGuid():N}.npz");
        NpzFile.Write(path, [
            new("resnet/head/conv2d/kernel", new NpyArray([1, 1, Colours, labels.Length], kernel)),
            new("resnet/head/conv2d/bias", new NpyArray([labels.Length], new float[labels.Length]))]);
        var head = workspace.Blobs.PutFile(path);
        File.Delete(path);
        return workspace.Models.Import(modelId,
            Manifest("head", Put(workspace, Backbone()), labels) with { Head = head, Weights = PutBytes(workspace, [2]) });
    }

    /// <summary>Imports the shared backbone alone.</summary>
    public static ModelVersionRecord ImportBackbone(Workspace workspace, string modelId) =>
        workspace.Models.Import(modelId, Manifest("backbone", Put(workspace, Backbone()), []) with { Weights = PutBytes(workspace, [2]) });

    /// <summary>Imports a version whose graph is no ONNX file.</summary>
    public static ModelVersionRecord ImportBroken(Workspace workspace, string modelId) =>
        workspace.Models.Import(modelId,
            Manifest("full", PutBytes(workspace, "not a graph"u8.ToArray()), ["a", "b"]) with { Weights = PutBytes(workspace, [3]) });

    private static ModelManifest Manifest(string method, string graph, string[] labels) =>
        new() { Method = method, Network = "bit-tiny", Labels = labels, InputSize = Side, InferenceGraph = graph, Weights = "" };

    private static Graph Backbone()
    {
        var builder = new GraphBuilder("backbone");
        builder.Output("pre_logits", Features(builder));
        return builder.Build();
    }

    private static Graph FullGraph(string[] labels, bool hasTable = false)
    {
        var builder = new GraphBuilder("full");
        // As in real files, the labels are in the metadata: other labels make another file.
        builder.Metadata("labels", string.Join(',', labels));
        var features = Features(builder);
        if (hasTable)
        {
            var table = builder.Constant(Tensor.Of(Shape.Of(1, 1000), [.. Enumerable.Range(0, 1000).Select(number => 1 + number / 7f)]));
            features = builder.Mul(features, builder.ReduceMean(table, keepDimensions: true, 1));
        }
        builder.Output("pre_logits", features);
        builder.Output("logits",
            builder.MatMul(features, builder.Constant(Tensor.Of(Shape.Of(Colours, Colours), [1f, 0, 0, 0, 1, 0, 0, 0, 1]))));
        return builder.Build();
    }

    private static Value Features(GraphBuilder builder)
    {
        var images = builder.Input("images", ElementType.UInt8, new Shape(Count, Side, Side, Colours));
        var scaled = builder.Mul(builder.Cast(images, ElementType.Float32), builder.Scalar(1 / 255f));
        return builder.ReduceMean(scaled, keepDimensions: false, 1, 2);
    }

    private static string Put(Workspace workspace, Graph graph) => PutBytes(workspace, OnnxWriter.ToBytes(graph));

    private static string PutBytes(Workspace workspace, byte[] bytes) => workspace.Blobs.Put(new MemoryStream(bytes));
}
