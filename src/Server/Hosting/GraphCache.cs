using BiT.Core.Store;

namespace BiT.Serving.Hosting;

/// <summary>Inference graphs in memory, shared by their blobs and counted by use.</summary>
/// <remarks>A graph in use is never dropped. One that nobody uses stays loaded until it is retired, or until more than the limit are loaded
/// and it is the one unused for longest.</remarks>
internal sealed class GraphCache(Func<GraphBlobs, LoadedGraph> load, int maxLoadedGraphs) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<GraphBlobs, Entry> _entries = [];
    private readonly HashSet<Task> _disposals = [];
    private long _uses;

    /// <summary>The graphs in memory.</summary>
    public IReadOnlyList<GraphBlobs> Loaded
    {
        get
        {
            lock (_lock)
                return [.. _entries.Keys];
        }
    }

    /// <summary>Takes a graph into use; loads it first if need be, once for all who ask at the same time.</summary>
    /// <remarks>Whatever the loading throws comes to every caller who waited for it; the next caller tries again.</remarks>
    public async Task<GraphLease> AcquireAsync(GraphBlobs blobs, CancellationToken cancellationToken)
    {
        Entry? entry;
        lock (_lock)
        {
            if (!_entries.TryGetValue(blobs, out entry))
            {
                entry = new Entry(blobs, Task.Run(() => load(blobs), CancellationToken.None));
                _entries.Add(blobs, entry);
            }
            entry.Users++;
            entry.IsRetired = false;
        }
        try
        {
            var graph = await entry.Loading.WaitAsync(cancellationToken);
            return new GraphLease(graph, () => Release(entry));
        }
        catch
        {
            Release(entry);
            throw;
        }
    }

    /// <summary>Drops a graph as soon as nobody uses it.</summary>
    public void Retire(GraphBlobs blobs)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(blobs, out var entry))
                return;
            entry.IsRetired = true;
            Sweep();
        }
    }

    /// <summary>Drops every graph. Nobody may use one any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] disposals;
        lock (_lock)
        {
            foreach (var entry in _entries.Values.ToArray())
                Drop(entry);
            disposals = [.. _disposals];
        }
        await Task.WhenAll(disposals);
    }

    private void Release(Entry entry)
    {
        lock (_lock)
        {
            entry.Users--;
            entry.LastUse = ++_uses;
            Sweep();
        }
    }

    private void Sweep()
    {
        var idle = _entries.Values.Where(entry => entry.Users == 0 && entry.Loading.IsCompleted).OrderBy(entry => entry.LastUse).ToArray();
        foreach (var entry in idle)
        {
            if (entry.IsRetired || !entry.Loading.IsCompletedSuccessfully || _entries.Count > maxLoadedGraphs)
                Drop(entry);
        }
    }

    private void Drop(Entry entry)
    {
        _entries.Remove(entry.Blobs);
        var disposal = DisposeAsync(entry.Loading);
        _disposals.RemoveWhere(done => done.IsCompleted);
        _disposals.Add(disposal);
    }

    private static async Task DisposeAsync(Task<LoadedGraph> loading)
    {
        // Freeing a session takes a while; never under the lock.
        await Task.Yield();
        try
        {
            await (await loading).DisposeAsync();
        }
        catch (Exception) when (!loading.IsCompletedSuccessfully)
        {
            // It was never loaded; those who asked for it have the exception.
        }
    }

    private sealed class Entry(GraphBlobs blobs, Task<LoadedGraph> loading)
    {
        public GraphBlobs Blobs { get; } = blobs;
        public Task<LoadedGraph> Loading { get; } = loading;
        public int Users { get; set; }
        public long LastUse { get; set; }
        public bool IsRetired { get; set; }
    }
}

/// <summary>Keeps a graph in memory until it is disposed; a second Dispose does nothing.</summary>
internal sealed class GraphLease(LoadedGraph graph, Action release) : IDisposable
{
    private Action? _release = release;

    public LoadedGraph Graph { get; } = graph;

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
