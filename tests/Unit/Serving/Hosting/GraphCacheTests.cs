using System.Collections.Concurrent;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Serving.Batching;
using BiT.Serving.Hosting;
using BiT.Serving.Telemetry;

namespace BiT.Tests.Unit.Serving.Hosting;

public sealed class GraphCacheTests : IAsyncDisposable
{
    private readonly ServerMetrics _metrics = new();
    private readonly ConcurrentQueue<string> _loads = new();
    private readonly ConcurrentDictionary<string, Session> _sessions = new();
    private readonly GraphCache _cache;
    private bool _fails;

    public GraphCacheTests() => _cache = new GraphCache(Load, maxLoadedGraphs: 2);

    [Fact]
    public async Task Acquire_BySeveralAtOnce_LoadsOnce()
    {
        var leases = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Acquire("a")));

        Assert.Single(_loads);
        Assert.All(leases, lease => Assert.Same(leases[0].Graph, lease.Graph));
    }

    [Fact]
    public async Task Limit_IsExceeded_DropsTheOneUnusedForLongest()
    {
        (await Acquire("a")).Dispose();
        (await Acquire("b")).Dispose();
        (await Acquire("a")).Dispose();
        (await Acquire("c")).Dispose();

        Assert.Equal(["a", "c"], _cache.Loaded.Select(graph => graph.Model).Order(StringComparer.Ordinal));
        await _sessions["b"].Disposed;
    }

    [Fact]
    public async Task Limit_IsExceededByGraphsInUse_KeepsThem()
    {
        using var a = await Acquire("a");
        using var b = await Acquire("b");
        using var c = await Acquire("c");

        Assert.Equal(3, _cache.Loaded.Count);
        c.Dispose();
        Assert.Equal(["a", "b"], _cache.Loaded.Select(graph => graph.Model).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Retire_GraphInUse_DisposesItAfterItsLastUser()
    {
        var first = await Acquire("a");
        var second = await Acquire("a");

        _cache.Retire(new GraphBlobs("a"));
        first.Dispose();
        first.Dispose();

        Assert.Equal([new GraphBlobs("a")], _cache.Loaded);
        Assert.False(_sessions["a"].Disposed.IsCompleted);
        second.Dispose();
        Assert.Empty(_cache.Loaded);
        await _sessions["a"].Disposed;
    }

    [Fact]
    public async Task Retire_GraphThatIsAskedForAgain_Stays()
    {
        using var first = await Acquire("a");
        _cache.Retire(new GraphBlobs("a"));
        (await Acquire("a")).Dispose();

        first.Dispose();

        Assert.Equal([new GraphBlobs("a")], _cache.Loaded);
    }

    [Fact]
    public async Task Load_ThatFails_IsTriedAgainByTheNextCaller()
    {
        _fails = true;
        await Assert.ThrowsAsync<InvalidDataException>(() => Acquire("a"));
        Assert.Empty(_cache.Loaded);

        _fails = false;
        (await Acquire("a")).Dispose();

        Assert.Equal(2, _loads.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _cache.DisposeAsync();
        _metrics.Dispose();
    }

    private Task<GraphLease> Acquire(string hash) => _cache.AcquireAsync(new GraphBlobs(hash), TestContext.Current.CancellationToken);

    private LoadedGraph Load(GraphBlobs graph)
    {
        var hash = graph.Model;
        _loads.Enqueue(hash);
        if (_fails)
            throw new InvalidDataException("Not a graph.");
        var queue = new BatchQueue(
            3, (_, count) => new InferenceOutput(new float[count], []), new BatchingOptions(), TimeProvider.System, _metrics, _ => { });
        _sessions[hash] = new Session();
        return new LoadedGraph(queue, _sessions[hash]) { InputHeight = 1, InputWidth = 1, FeatureCount = 1, ClassCount = 0 };
    }

    private sealed class Session : IDisposable
    {
        private readonly TaskCompletionSource _disposed = new();

        public Task Disposed => _disposed.Task;

        public void Dispose() => _disposed.SetResult();
    }
}
