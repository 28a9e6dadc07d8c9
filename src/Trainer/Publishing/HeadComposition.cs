using System.Text.Json;
using BiT.Core.Store;
using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Training.Publishing;

/// <summary>Puts the head of a head version and its shared backbone into one file.</summary>
/// <param name="workspace">Where the parts are.</param>
/// <param name="publisher">Stores the whole.</param>
/// <param name="log">Receives a line if large files had to be copied.</param>
internal sealed class HeadComposition(Workspace workspace, Publisher publisher, Action<string> log)
{
    /// <summary>Composes a file of a version, stores it and notes it with the version.</summary>
    /// <exception cref="StoreNotFoundException">There is no such version.</exception>
    /// <exception cref="GraphException">Backbone and head do not fit, or the whole cannot be stored.</exception>
    /// <exception cref="WeightsException">The head is not one.</exception>
    public ComposedFiles Compose(ModelVersionId id, ComposedFile file)
    {
        var version = workspace.Models.FindVersion(id) ?? throw new StoreNotFoundException($"{id} does not exist (any more).");
        // Another caller may have asked for the same a moment before.
        if (workspace.Models.FindCompositions(id) is { } known && known.Has(file, workspace.Blobs))
            return known;
        var manifest = version.Manifest;
        if (manifest.Head is not { } head)
            throw new GraphException($"{id} is of method {manifest.Method}; only versions of method head are composed.");
        var arrays = NpzWeights.ReadHead(workspace.Blobs.VerifiedPathOf(head));
        var composed = file == ComposedFile.Weights
            ? new ComposedFiles { Weights = ComposeWeights(manifest, arrays) }
            : ComposeGraph(manifest, arrays);
        workspace.Models.AddCompositions(id, composed);
        return composed;
    }

    // The stored graph, not one made anew of the weights: what is downloaded is what is served.
    private ComposedFiles ComposeGraph(ModelManifest manifest, HeadArrays head)
    {
        var metadata = new Dictionary<string, string> { [OwnInferenceGraph.LabelsKey] = JsonSerializer.Serialize(manifest.Labels) };
        var stored = publisher.StoreGraph(InferenceGraph.WithHead(ReadBackbone(manifest.Graph),
            Tensor.Over(Shape.Of(head.ClassCount, head.FeatureCount, 1, 1), head.Kernel), Tensor.Over(Shape.Of(head.ClassCount), head.Bias), metadata));
        return new ComposedFiles { InferenceGraph = stored.Model, InferenceGraphData = stored.Data };
    }

    private Graph ReadBackbone(GraphBlobs graph)
    {
        if (graph.Data is not { } data)
            return OnnxReader.FromFile(workspace.Blobs.VerifiedPathOf(graph.Model));
        foreach (var blob in (string[])[graph.Model, data])
            workspace.Blobs.Verify(blob);
        using var files = workspace.Blobs.PlaceGraph(graph.Model, data, log);
        return OnnxReader.FromFile(files.ModelPath);
    }

    private string ComposeWeights(ModelManifest manifest, HeadArrays head)
    {
        var backbone = NpzWeights.Read(workspace.Blobs.VerifiedPathOf(manifest.Weights ?? throw new WeightsException("The version has no weights.")),
            BitNetwork.ByName(manifest.Network));
        if (backbone.Network.FeatureCount != head.FeatureCount)
            throw new WeightsException($"The head takes {head.FeatureCount} features, and the backbone gives {backbone.Network.FeatureCount}.");
        return publisher.StoreWeights(backbone.WithHead(head.ClassCount, head.Kernel, head.Bias));
    }
}
