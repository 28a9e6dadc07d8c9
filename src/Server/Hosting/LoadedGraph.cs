using BiT.Serving.Batching;

namespace BiT.Serving.Hosting;

/// <summary>An inference graph in memory with its queue. Owned by <see cref="GraphCache"/>.</summary>
internal sealed class LoadedGraph(BatchQueue queue, IDisposable session) : IAsyncDisposable
{
    public BatchQueue Queue { get; } = queue;

    public required int InputHeight { get; init; }

    public required int InputWidth { get; init; }

    /// <summary>Length of a pre-logits vector.</summary>
    public required int FeatureCount { get; init; }

    /// <summary>Length of a logits vector; 0 for a backbone without a head.</summary>
    public required int ClassCount { get; init; }

    /// <summary>Memory that it takes with a full batch, as estimated.</summary>
    public required long Bytes { get; init; }

    public async ValueTask DisposeAsync()
    {
        // The queue first: its last run still needs the session.
        await Queue.DisposeAsync();
        session.Dispose();
    }
}
