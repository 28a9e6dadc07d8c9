using System.Threading.Channels;
using BiT.Core.Runtime;
using BiT.Serving.Telemetry;

namespace BiT.Serving.Batching;

/// <summary>Runs one graph on batches of images from many callers.</summary>
/// <remarks>Bounded: a place is taken before an image is decoded and given back when its outcome is known. One batch runs at a time; while
/// it runs the next one gathers. An image whose caller has left is dropped before the run, and a failed run fails its own images
/// only.</remarks>
internal sealed class BatchQueue : IAsyncDisposable
{
    // A batch takes tens to hundreds of milliseconds on a CPU; several must pass before places are free.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly int _imageBytes;
    private readonly Func<Memory<byte>, int, InferenceOutput> _run;
    private readonly BatchingOptions _options;
    private readonly TimeProvider _time;
    private readonly ServerMetrics _metrics;
    private readonly Action<Exception> _logFailure;
    private readonly Channel<QueuedImage> _queue;
    private readonly byte[] _pixels;
    private readonly Task _loop;
    private int _inFlight;

    /// <param name="imageBytes">Bytes of one decoded image.</param>
    /// <param name="run">Runs images that lie one after the other; called by one thread at a time.</param>
    /// <param name="logFailure">Receives what a failed run threw.</param>
    public BatchQueue(
        int imageBytes, Func<Memory<byte>, int, InferenceOutput> run, BatchingOptions options, TimeProvider time, ServerMetrics metrics,
        Action<Exception> logFailure)
    {
        _imageBytes = imageBytes;
        _run = run;
        _options = options;
        _time = time;
        _metrics = metrics;
        _logFailure = logFailure;
        // The places bound the channel: nothing is written without one.
        _queue = Channel.CreateUnbounded<QueuedImage>(new UnboundedChannelOptions { SingleReader = true });
        _pixels = GC.AllocateUninitializedArray<byte>(checked(imageBytes * options.MaxBatchSize), pinned: true);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Images that are being decoded, wait or run.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Takes places for the images of a request.</summary>
    /// <exception cref="QueueFullException">There are not enough free places.</exception>
    public QueuePlaces Reserve(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var taken = Interlocked.Add(ref _inFlight, count);
        if (taken <= _options.Capacity)
            return new QueuePlaces(this, count);
        Release(count);
        _metrics.RefusedImages.Add(count);
        throw new QueueFullException($"{taken - count} images are waiting for this model and {count} more do not fit: "
            + $"the limit is Batching:Capacity = {_options.Capacity}. Try again later, send fewer images at one time or raise the limit.",
            RetryAfter);
    }

    /// <summary>Lets a decoded image join the queue.</summary>
    /// <param name="places">The places of its request.</param>
    /// <param name="rented">Pixels in a buffer of the shared array pool, at least one image long; belongs to the queue from here
    /// on.</param>
    /// <param name="deadline">When its caller gives up.</param>
    /// <param name="cancellationToken">Fires when its caller leaves.</param>
    /// <exception cref="BatchFailedException">The run failed.</exception>
    public Task<ImageOutput> RunAsync(QueuePlaces places, byte[] rented, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        places.Use();
        var image = new QueuedImage(rented, deadline, cancellationToken);
        if (!_queue.Writer.TryWrite(image))
        {
            image.Fail(new ObjectDisposedException(nameof(BatchQueue)));
            Release(1);
        }
        return image.Outcome.WaitAsync(cancellationToken);
    }

    internal void Release(int count) => Interlocked.Add(ref _inFlight, -count);

    /// <summary>Works off what is in the queue and ends. Nobody may call RunAsync any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
    }

    private async Task LoopAsync()
    {
        var batch = new List<QueuedImage>(_options.MaxBatchSize);
        while (await _queue.Reader.WaitToReadAsync())
        {
            await GatherAsync(batch);
            if (batch.Count > 0)
                Run(batch);
            batch.Clear();
        }
    }

    private async Task GatherAsync(List<QueuedImage> batch)
    {
        CancellationTokenSource? delay = null;
        try
        {
            while (true)
            {
                while (batch.Count < _options.MaxBatchSize && _queue.Reader.TryRead(out var image))
                    Take(image, batch);
                // All that are in flight are in the batch: nobody else is coming, so waiting would only cost time.
                if (batch.Count == 0 || batch.Count == _options.MaxBatchSize || batch.Count >= InFlight
                    || _options.MaxDelay == TimeSpan.Zero)
                    return;
                delay ??= new CancellationTokenSource(_options.MaxDelay, _time);
                if (!await _queue.Reader.WaitToReadAsync(delay.Token))
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            // The delay is over; the batch runs as it is.
        }
        finally
        {
            delay?.Dispose();
        }
    }

    private void Take(QueuedImage image, List<QueuedImage> batch)
    {
        if (image.IsAbandoned(_time.GetUtcNow()))
        {
            image.Drop();
            Release(1);
            _metrics.DroppedImages.Add(1);
            return;
        }
        batch.Add(image);
    }

    private void Run(List<QueuedImage> batch)
    {
        try
        {
            for (var index = 0; index < batch.Count; index++)
                batch[index].MoveTo(_pixels.AsSpan(index * _imageBytes, _imageBytes));
            var output = _run(_pixels.AsMemory(0, batch.Count * _imageBytes), batch.Count);
            _metrics.BatchSize.Record(batch.Count);
            for (var index = 0; index < batch.Count; index++)
                batch[index].Succeed(new ImageOutput(Row(output.PreLogits, index, batch.Count), Row(output.Logits, index, batch.Count)));
        }
        // Whatever a native library throws must not end the loop: later batches would wait for ever.
        catch (Exception failure)
        {
            _logFailure(failure);
            foreach (var image in batch)
                image.Fail(new BatchFailedException(failure));
        }
        finally
        {
            Release(batch.Count);
        }
    }

    private static float[] Row(float[] values, int index, int count)
    {
        var length = values.Length / count;
        return values.AsSpan(index * length, length).ToArray();
    }
}
