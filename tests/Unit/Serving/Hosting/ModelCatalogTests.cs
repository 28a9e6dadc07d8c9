using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Serving.Batching;
using BiT.Serving.Hosting;
using BiT.Serving.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace BiT.Tests.Unit.Serving.Hosting;

public sealed class ModelCatalogTests : IAsyncDisposable
{
    private static readonly ModelReference Live = ModelReference.ToAlias("m", ModelReference.LiveAlias);

    private readonly TemporaryFolder _folder = new();
    private readonly ServerMetrics _metrics = new();
    private readonly Workspace _workspace;
    private readonly GraphCache _graphs;
    private readonly ModelCatalog _catalog;
    private Action<GraphBlobs> _onLoad = _ => { };

    public ModelCatalogTests()
    {
        _workspace = Workspace.Open(_folder.Path, TimeProvider.System);
        _graphs = new GraphCache(Load, maxLoadedGraphs: 8);
        _catalog = new ModelCatalog(
            _workspace, _graphs, new HeadCache(_ => throw new InvalidOperationException("No heads here."), 1),
                NullLogger<ModelCatalog>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SetAlias_NewVersion_IsLoadedBeforeTheAliasMovesAndTheOldLeavesAfterItsLastRequest()
    {
        var (first, second) = (Import(), Import());
        await SetAliasAsync(first);
        var inFlight = await _catalog.AcquireAsync(Live, Token);
        int? liveDuringLoad = null;
        _onLoad = _ => liveDuringLoad = _workspace.Models.Resolve("m", ModelReference.LiveAlias)?.Id.Number;

        await SetAliasAsync(second);

        Assert.Equal(1, liveDuringLoad);
        using (var next = await _catalog.AcquireAsync(Live, Token))
            Assert.Equal(second.Id, next.Version.Id);
        Assert.Contains(first.Manifest.Graph, _graphs.Loaded);
        inFlight.Dispose();
        Assert.Equal([second.Manifest.Graph], _graphs.Loaded);
    }

    [Fact]
    public async Task Refresh_AliasMovedElsewhere_AnswersWithTheOldVersionUntilTheNewIsReady()
    {
        var (first, second) = (Import(), Import());
        await SetAliasAsync(first);
        _workspace.Models.SetAlias("m", ModelReference.LiveAlias, second.Id.Number, OptionalExpected.Any);
        var loading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var permit = new SemaphoreSlim(0);
        _onLoad = _ =>
        {
            loading.SetResult();
            permit.Wait(Token);
        };

        var refresh = _catalog.RefreshAsync(Token);
        await loading.Task;
        using (var during = await _catalog.AcquireAsync(Live, Token))
            Assert.Equal(first.Id, during.Version.Id);
        permit.Release();
        await refresh;

        using var after = await _catalog.AcquireAsync(Live, Token);
        Assert.Equal(second.Id, after.Version.Id);
    }

    [Fact]
    public async Task Acquire_VersionWhoseLabelsDoNotFit_SaysSoAndKeepsNothingInUse()
    {
        var version = Import("one", "two", "three");

        var failure = await Assert.ThrowsAsync<ModelNotLoadableException>(() =>
            _catalog.AcquireAsync(ModelReference.ToVersion("m", 1), Token));

        Assert.Contains("2 outputs and 3 labels", failure.Message, StringComparison.Ordinal);
        _graphs.Retire(version.Manifest.Graph);
        Assert.Empty(_graphs.Loaded);
    }

    [Fact]
    public async Task Backbone_AcquiredOrGivenAnAlias_IsRefusedWithTheCureAndWithoutLoading()
    {
        var served = Import();
        await SetAliasAsync(served);
        var backbone = _workspace.Models.Import("m", served.Manifest with { Method = "backbone", Labels = [] });
        _onLoad = _ => throw new InvalidOperationException("A backbone was loaded.");

        var refusals = new[]
        {
            await Assert.ThrowsAsync<ModelNotLoadableException>(() => _catalog.AcquireAsync(ModelReference.ToVersion("m", 2), Token)),
            await Assert.ThrowsAsync<ModelNotLoadableException>(() => SetAliasAsync(backbone)),
        };

        Assert.All(refusals, refusal => Assert.Equal("MODEL_HAS_NO_HEAD", refusal.Reason));
        Assert.All(refusals, refusal => Assert.Contains("--base m/versions/2", refusal.Message, StringComparison.Ordinal));
        Assert.Equal(served.Id, _workspace.Models.Resolve("m", ModelReference.LiveAlias)?.Id);
    }

    [Fact]
    public async Task Refresh_AliasMovedElsewhereToABackbone_GoesOnWithTheOldVersion()
    {
        var served = Import();
        await SetAliasAsync(served);
        var backbone = _workspace.Models.Import("m", served.Manifest with { Method = "backbone", Labels = [] });
        _workspace.Models.SetAlias("m", ModelReference.LiveAlias, backbone.Id.Number, OptionalExpected.Any);

        await _catalog.RefreshAsync(Token);

        using var after = await _catalog.AcquireAsync(Live, Token);
        Assert.Equal(served.Id, after.Version.Id);
    }

    public async ValueTask DisposeAsync()
    {
        _catalog.Dispose();
        await _graphs.DisposeAsync();
        _metrics.Dispose();
        _workspace.Dispose();
        _folder.Dispose();
    }

    private async Task SetAliasAsync(ModelVersionRecord version) =>
        await _catalog.SetAliasAsync(version.Id, ModelReference.LiveAlias, OptionalExpected.Any, Token);

    private ModelVersionRecord Import(params string[] labels)
    {
        var graph = _workspace.Blobs.Put(new MemoryStream(Guid.NewGuid().ToByteArray()), Token);
        return _workspace.Models.Import("m", new ModelManifest
        {
            Method = "full",
            Network = "bit-tiny",
            Labels = labels.Length > 0 ? labels : ["a", "b"],
            InputSize = 1,
            InferenceGraph = graph,
            Weights = graph,
        });
    }

    private LoadedGraph Load(GraphBlobs graph)
    {
        _onLoad(graph);
        var queue = new BatchQueue(
            3, (_, count) => new InferenceOutput(new float[count], []), new BatchingOptions(), TimeProvider.System, _metrics, _ => { });
        return new LoadedGraph(queue, new MemoryStream()) { InputHeight = 1, InputWidth = 1, FeatureCount = 1, ClassCount = 2 };
    }
}
