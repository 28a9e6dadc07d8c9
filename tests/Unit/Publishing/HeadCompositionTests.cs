using System.Text.Json;
using BiT.Core.Classification;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Graphs.Serialization;
using BiT.Training.Networks;
using BiT.Training.Publishing;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Publishing;

/// <summary>A head and its backbone in one file, against what the server computes of the two.</summary>
public sealed class HeadCompositionTests : IDisposable
{
    private const int Size = 32;
    private const int Images = 3;
    private static readonly string[] Labels = ["daisy", "rose", "Gänseblümchen"];

    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;
    private readonly WeightSet _whole;
    private readonly ModelVersionRecord _version;

    public HeadCompositionTests()
    {
        _workspace = Workspace.Open(_folder.Path, TimeProvider.System);
        var network = BitNetwork.ByName("bit-tiny");
        var random = new Random(4);
        float[] Random(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        var backbone = Initializers.Create(network, 0, seed: 2);
        _whole = backbone.WithHead(Labels.Length, Random(network.FeatureCount * Labels.Length), Random(Labels.Length));
        var publisher = new Publisher(_workspace);
        _version = _workspace.Models.Import("flowers", new ModelManifest
        {
            Method = "head",
            Network = network.Name,
            Labels = Labels,
            InputSize = Size,
            InferenceGraph = publisher.StoreInferenceGraph(backbone, Size, labels: null).Model,
            Weights = publisher.StoreWeights(backbone),
            Head = publisher.StoreHead(_whole),
        });
    }

    public void Dispose()
    {
        _workspace.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Compose_Graph_AnswersAsTheServedPartsDo()
    {
        var graph = Compose(ComposedFile.InferenceGraph).InferenceGraph ?? "";
        var pixels = new byte[Images * Size * Size * 3];
        new Random(9).NextBytes(pixels);

        using var backbone = InferenceModel.Open(_workspace.Blobs.PathOf(_version.Manifest.InferenceGraph), new RuntimeOptions());
        var features = backbone.Run(pixels, Images).PreLogits;
        var served = new float[Images * Labels.Length];
        LinearHead.Load(_workspace.Blobs.PathOf(_version.Manifest.Head ?? "")).Apply(features, served);
        using var whole = InferenceModel.Open(_workspace.Blobs.PathOf(graph), new RuntimeOptions());
        var composed = whole.Run(pixels, Images);

        Assert.Equal(features, composed.PreLogits);
        // Two orders of one float32 sum of 1,024 products; relative to the largest logit, for a small one may be the rest of a cancellation.
        var largest = served.Max(Math.Abs);
        Assert.All(served.Zip(composed.Logits), pair => Assert.InRange(pair.Second, pair.First - 1e-6f * largest, pair.First + 1e-6f * largest));
        for (var image = 0; image < Images; image++)
            Assert.Equal(Ranked(served, image), Ranked(composed.Logits, image));
        Assert.Equal(Labels, JsonSerializer.Deserialize<string[]>(whole.Metadata["bit.labels"]));
    }

    [Fact]
    public void Compose_Graph_IsTheFileThatTheWholeWeightsGive()
    {
        var composed = Compose(ComposedFile.InferenceGraph).InferenceGraph;

        Assert.Equal(new Publisher(_workspace).StoreInferenceGraph(_whole, Size, Labels).Model, composed);
    }

    [Fact]
    public void Compose_Weights_AreTheBackbonesAndTheHeads()
    {
        var npz = Compose(ComposedFile.Weights).Weights ?? "";

        var read = NpzWeights.Read(_workspace.Blobs.PathOf(npz), _whole.Network);
        Assert.Equal(Labels.Length, read.ClassCount);
        Assert.All(_whole.Parameters, parameter => Assert.Equal(_whole[parameter.Name], read[parameter.Name]));
    }

    [Fact]
    public void Compose_SecondTime_IsTheNotedFileEvenWithoutTheBackbone()
    {
        var first = Compose(ComposedFile.InferenceGraph);
        File.Delete(_workspace.Blobs.PathOf(_version.Manifest.InferenceGraph));

        Assert.Equal(first, Compose(ComposedFile.InferenceGraph));
        File.Delete(_workspace.Blobs.PathOf(first.InferenceGraph ?? ""));
        // Neither is there: it is made again, so the loss shows.
        Assert.ThrowsAny<Exception>(() => Compose(ComposedFile.InferenceGraph));
    }

    [Fact]
    public void Compose_BackboneWithExternalData_HasItsWeightsInASecondFileAgain()
    {
        var publisher = new Publisher(_workspace, externalDataThreshold: 1000);
        var backbone = publisher.StoreInferenceGraph(_whole.WithoutHead(), Size, labels: null);
        var version = _workspace.Models.Import("flowers", _version.Manifest with { InferenceGraph = backbone.Model, InferenceGraphData = backbone.Data });

        var composed = Compose(version, ComposedFile.InferenceGraph, publisher);

        Assert.NotNull(composed.InferenceGraphData);
        Assert.Equal(publisher.StoreInferenceGraph(_whole, Size, Labels), new GraphBlobs(composed.InferenceGraph ?? "", composed.InferenceGraphData));
        Assert.Equal(composed, _workspace.Models.FindCompositions(version.Id));
    }

    [Fact]
    public void Compose_DeletedVersion_IsNotFound()
    {
        _workspace.Models.DeleteVersion(_version.Id);

        Assert.Throws<StoreNotFoundException>(() => Compose(ComposedFile.Weights));
    }

    [Fact]
    public void WithHead_OnAGraphWithLogits_IsRefused()
    {
        var whole = OnnxReader.FromFile(_workspace.Blobs.PathOf(Compose(ComposedFile.InferenceGraph).InferenceGraph ?? ""));
        var kernel = BiT.Graphs.Tensor.Of(BiT.Graphs.Shape.Of(1, 1024, 1, 1), new float[1024]);

        Assert.Throws<BiT.Graphs.GraphException>(() =>
            InferenceGraph.WithHead(whole, kernel, BiT.Graphs.Tensor.Of(BiT.Graphs.Shape.Of(1), [0f]), new Dictionary<string, string>()));
    }

    private ComposedFiles Compose(ComposedFile file) => Compose(_version, file, new Publisher(_workspace));

    private ComposedFiles Compose(ModelVersionRecord version, ComposedFile file, Publisher publisher) =>
        new HeadComposition(_workspace, publisher, message => Assert.Fail(message)).Compose(version.Id, file);

    private static int[] Ranked(float[] logits, int image) => [.. Enumerable.Range(0, Labels.Length).OrderByDescending(label => logits[image * Labels.Length + label])];
}
