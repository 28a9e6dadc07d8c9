namespace BiT.Serving.Batching;

/// <summary>The places in a queue that a request has taken before it decodes its images.</summary>
/// <remarks>An image that joins the queue takes its place along; Dispose gives back those of images that never did.</remarks>
internal sealed class QueuePlaces(BatchQueue queue, int count) : IDisposable
{
    private int _unused = count;

    /// <summary>Hands one place to an image that joins the queue.</summary>
    public void Use()
    {
        if (Interlocked.Decrement(ref _unused) < 0)
            throw new InvalidOperationException("More images joined the queue than places were reserved.");
    }

    public void Dispose()
    {
        var unused = Interlocked.Exchange(ref _unused, 0);
        if (unused > 0)
            queue.Release(unused);
    }
}
