using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Graphs.Serialization;
using BiT.Tests.Unit.Store;
using BiT.Training.Networks;
using BiT.Training.Publishing;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Runtime;

public sealed class StoredGraphTests : IDisposable
{
    private const int Side = 32;
    private static readonly string[] Labels = ["a", "b", "c"];

    private readonly TestWorkspace _test = new();
    private readonly List<string> _log = [];

    private Workspace Workspace => _test.Workspace;

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    public void Graph_WithExternalData_AnswersAsTheOneFileFormToTheBit(int classCount)
    {
        var weights = Weights(seed: 1, classCount);
        var (one, two) = (Store(weights), Store(weights, externalDataThreshold: 0));
        var images = new byte[2 * Side * Side * 3];
        new Random(5).NextBytes(images);

        using var expected = Open(one);
        using var actual = Open(two);

        Assert.Null(one.Data);
        Assert.NotNull(two.Data);
        Assert.InRange(new FileInfo(Workspace.Blobs.PathOf(two.Model)).Length, 1, 200_000);
        Assert.Equal((classCount, expected.FeatureCount), (actual.ClassCount, actual.FeatureCount));
        var (first, second) = (expected.Run(images, 2), actual.Run(images, 2));
        Assert.Contains(first.PreLogits, value => value != 0);
        Assert.Equal(first.PreLogits, second.PreLogits);
        Assert.Equal(first.Logits, second.Logits);
        AssertTidy();
    }

    [Fact]
    public void Blobs_FollowFromTheWeightsAlone()
    {
        var graph = Store(Weights(seed: 1), externalDataThreshold: 0);

        Assert.Equal(graph, Store(Weights(seed: 1), externalDataThreshold: 0));
        // Of equal shapes: but for the hash of the data inside, the models would be the same file.
        var other = Store(Weights(seed: 2), externalDataThreshold: 0);
        Assert.NotEqual(graph.Model, other.Model);
        Assert.NotEqual(graph.Data, other.Data);
    }

    [Fact]
    public void DataHashKey_IsTheWriters() => Assert.Equal(OnnxWriter.DataHashKey, StoredGraph.DataHashKey);

    [Fact]
    public void Open_WithoutItsData_NamesTheMissingBlob()
    {
        var graph = Store(Weights(seed: 1), externalDataThreshold: 0);
        var data = graph.Data ?? "";
        File.Delete(Workspace.Blobs.PathOf(data));

        var failure = Assert.Throws<BlobNotFoundException>(() => Open(graph));

        Assert.Equal(data, failure.Hash);
        Assert.All([graph.Model, data, "backup"], part => Assert.Contains(part, failure.Message));
        AssertTidy();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Open_DataOfAnotherSize_NamesTheDamagedBlobAndItsSize(int difference)
    {
        var graph = Store(Weights(seed: 1), externalDataThreshold: 0);
        var path = Workspace.Blobs.PathOf(graph.Data ?? "");
        var bytes = File.ReadAllBytes(path);
        Array.Resize(ref bytes, bytes.Length + difference);
        File.Delete(path);
        File.WriteAllBytes(path, bytes);

        var failure = Assert.Throws<BlobCorruptException>(() => Open(graph));

        Assert.Equal(graph.Data, failure.Hash);
        Assert.Contains($"{bytes.Length} bytes) is damaged", failure.Message);
        AssertTidy();
    }

    [Fact]
    public void Open_DataOfAnotherGraphOfTheSameShapes_IsRefused()
    {
        var graph = Store(Weights(seed: 1), externalDataThreshold: 0);
        var other = Store(Weights(seed: 2), externalDataThreshold: 0);

        var failure = Assert.Throws<InvalidDataException>(() => Open(graph with { Data = other.Data }));

        Assert.All([graph.Model, graph.Data, other.Data], part => Assert.Contains(part ?? "", failure.Message));
        AssertTidy();
    }

    [Fact]
    public async Task Open_ByTwoProcessesAtOnce_SucceedsForAll()
    {
        var graph = Store(Weights(seed: 1), externalDataThreshold: 0);
        var workspaces = new[] { Workspace, _test.OpenAgain() };

        var models = await Task.WhenAll(Enumerable.Range(0, 8).Select(index => Task.Run(
            () => StoredGraph.Open(workspaces[index % 2].Blobs, graph, new RuntimeOptions(), _ => { }), TestContext.Current.CancellationToken)));

        Assert.All(models, model => Assert.Equal(3, model.ClassCount));
        AssertTidy();
        foreach (var model in models)
            model.Dispose();
    }

    private InferenceModel Open(GraphBlobs graph) => StoredGraph.Open(Workspace.Blobs, graph, new RuntimeOptions(), _log.Add);

    private GraphBlobs Store(WeightSet weights, long externalDataThreshold = OnnxWriter.ExternalDataThreshold) =>
        new Publisher(Workspace, externalDataThreshold).StoreInferenceGraph(weights, Side, weights.ClassCount > 0 ? Labels : null);

    // A head of zeros would answer 0 whatever the weights are.
    private static WeightSet Weights(int seed, int classCount = 3)
    {
        var weights = Initializers.Create(BitNetwork.ByName("bit-tiny"), 0, seed);
        var random = new Random(seed);
        return classCount == 0 ? weights : weights.WithHead(
            classCount, [.. Enumerable.Range(0, classCount * weights.Network.FeatureCount).Select(_ => random.NextSingle())], new float[classCount]);
    }

    private void AssertTidy()
    {
        Assert.Empty(_log);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Workspace.TemporaryFolder));
    }
}
