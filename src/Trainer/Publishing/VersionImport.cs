using System.Security.Cryptography;
using System.Text.Json;
using BiT.Core.Store;
using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Training.Publishing;

/// <summary>A file from outside that was read and checked, and can become a version.</summary>
/// <remarks>The files of the version are written anew: what is served is what was checked.</remarks>
internal sealed class VersionImport
{
    /// <summary>Side of the input of imported weights, in pixels, where nothing else is asked for.</summary>
    public const int DefaultInputSize = 224;

    private readonly Func<Publisher, ModelManifest> _store;
    private string _fileHash = "";

    private VersionImport(Func<Publisher, ModelManifest> store) => _store = store;

    /// <summary>Reads and checks a file.</summary>
    /// <param name="path">An npz in the official layout, or an infer.onnx that this service made.</param>
    /// <param name="settings">What the file does not say.</param>
    /// <exception cref="WeightsException">The arrays, or the class names, are not those of the network.</exception>
    /// <exception cref="GraphException">The ONNX file was not made by this service.</exception>
    /// <exception cref="NetworkException">The network is unknown.</exception>
    public static VersionImport Read(string path, ImportSettings settings)
    {
        var import = IsZip(path) ? ReadWeights(path, settings) : ReadGraph(path, settings);
        using var file = File.OpenRead(path);
        import._fileHash = Convert.ToHexStringLower(SHA256.HashData(file));
        return import;
    }

    /// <summary>Stores the files of the version and returns its manifest.</summary>
    public ModelManifest Store(Publisher publisher) => _store(publisher) with
    {
        Lineage = new Dictionary<string, string>
        {
            [Lineage.FileHash] = JsonSerializer.Serialize(_fileHash),
            [Lineage.CodeVersion] = JsonSerializer.Serialize(Lineage.ThisCode),
        },
    };

    private static VersionImport ReadWeights(string path, ImportSettings settings)
    {
        var network = BitNetwork.ByName(settings.Network ?? throw new WeightsException(
            $"An npz does not say what it is of. Name its network: {string.Join(", ", BitNetwork.KnownNames)}."));
        var weights = NpzWeights.Read(path, network);
        CheckFinite(weights);
        var labels = LabelsOf(weights, settings.Labels);
        var size = settings.InputSize ?? DefaultInputSize;
        var isBackbone = weights.ClassCount == 0;
        return new VersionImport(publisher =>
        {
            // Without labels the files are those that head jobs store for this backbone and size: the server then loads them once.
            var graph = publisher.StoreInferenceGraph(weights, size, isBackbone ? null : labels);
            return new ModelManifest
            {
                Method = isBackbone ? "backbone" : "full",
                Network = network.Name,
                Labels = labels,
                InputSize = size,
                InferenceGraph = graph.Model,
                InferenceGraphData = graph.Data,
                Weights = publisher.StoreWeights(weights),
            };
        });
    }

    private static VersionImport ReadGraph(string path, ImportSettings settings)
    {
        var graph = OnnxReader.FromForeignFile(path);
        var own = OwnInferenceGraph.Recognise(graph);
        if (settings.Network is { } named && !named.Equals(own.Network.Name, StringComparison.OrdinalIgnoreCase))
            throw new GraphException($"The file is of {own.Network.Name}, and {named} was named. Name that network, or none.");
        if (settings.Labels.Count > 0 || settings.InputSize is not null)
            throw new GraphException("Class names or an input size were given; an infer.onnx has its own. Leave them out.");
        return new VersionImport(publisher => new ModelManifest
        {
            Method = "inference",
            Network = own.Network.Name,
            Labels = own.Labels,
            InputSize = own.InputSize,
            InferenceGraph = publisher.StoreGraph(graph).Model,
            Weights = null,
        });
    }

    private static void CheckFinite(WeightSet weights)
    {
        var broken = weights.Parameters.Where(parameter => Array.Exists(weights[parameter.Name], value => !float.IsFinite(value)))
            .Select(parameter => parameter.Name).ToArray();
        if (broken.Length > 0)
            throw new WeightsException($"{broken.Length} arrays hold values that are not finite numbers, {broken[0]} among them. Export them again.");
    }

    private static IReadOnlyList<string> LabelsOf(WeightSet weights, IReadOnlyList<string> given)
    {
        if (given.Count == 0)
            return [.. Enumerable.Range(0, weights.ClassCount).Select(index => $"class {index}")];
        if (given.Count != weights.ClassCount)
            throw new WeightsException($"{given.Count} class names were given; the weights have {weights.ClassCount} classes. Name each, or none.");
        return LabelRules.Violation(given) is { } violation ? throw new WeightsException(violation) : given;
    }

    private static bool IsZip(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[2];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == 2 && start is [(byte)'P', (byte)'K'];
    }
}

/// <summary>What a file does not say about the version that is made of it.</summary>
internal sealed record ImportSettings
{
    /// <summary>Network of an npz. For an infer.onnx: null, or what it says itself.</summary>
    public string? Network { get; init; }

    /// <summary>Class names of an npz with a head, one per class; empty numbers them.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Side of the served input of an npz, in pixels; null takes <see cref="VersionImport.DefaultInputSize"/>.</summary>
    public int? InputSize { get; init; }
}
