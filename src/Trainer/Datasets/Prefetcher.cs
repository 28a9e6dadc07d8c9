using System.Threading.Channels;

namespace BiT.Training.Datasets;

/// <summary>Makes micro-batches ahead of their use, on a thread of its own and at most a few at a time.</summary>
internal sealed class Prefetcher : IDisposable
{
    private const int MaxBatchesAhead = 3;

    private readonly Channel<MicroBatch> _channel = Channel.CreateBounded<MicroBatch>(
        new BoundedChannelOptions(MaxBatchesAhead) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _producer;

    /// <param name="stream">Where micro-batches come from.</param>
    /// <param name="firstStep">First optimiser step.</param>
    /// <param name="lastStep">Step behind the last.</param>
    /// <param name="microBatchesPerStep">Micro-batches per step.</param>
    public Prefetcher(ITrainingStream stream, long firstStep, long lastStep, int microBatchesPerStep) =>
        _producer = Task.Run(() => ProduceAsync(stream, firstStep, lastStep, microBatchesPerStep));

    /// <summary>The next micro-batch; waits for it.</summary>
    /// <remarks>An exception of the stream comes out here.</remarks>
    public MicroBatch Next(CancellationToken cancellation)
    {
        if (_channel.Reader.TryRead(out var ready))
            return ready;
        try
        {
            return _channel.Reader.ReadAsync(cancellation).AsTask().GetAwaiter().GetResult();
        }
        catch (ChannelClosedException closed) when (closed.InnerException is { } problem)
        {
            throw new IOException($"Reading training photos failed: {problem.Message}", problem);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _producer.GetAwaiter().GetResult();
        _stop.Dispose();
    }

    private async Task ProduceAsync(ITrainingStream stream, long firstStep, long lastStep, int microBatchesPerStep)
    {
        try
        {
            for (var step = firstStep; step < lastStep; step++)
            {
                for (var index = 0; index < microBatchesPerStep; index++)
                    await _channel.Writer.WriteAsync(stream.Read(step, index), _stop.Token).ConfigureAwait(false);
            }
            _channel.Writer.Complete();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _channel.Writer.Complete();
        }
        catch (Exception problem)
        {
            _channel.Writer.Complete(problem);
        }
    }
}
