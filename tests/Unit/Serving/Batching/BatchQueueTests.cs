using System.Buffers;
using BiT.Serving.Batching;
using BiT.Serving.Telemetry;

namespace BiT.Tests.Unit.Serving.Batching;

public sealed class BatchQueueTests : IAsyncDisposable
{
    private const int MaxBatchSize = 4;
    private const int Capacity = 12;

    private readonly GatedRunner _runner = new();
    private readonly ServerMetrics _metrics = new();
    private readonly BatchQueue _queue;

    public BatchQueueTests() => _queue = new BatchQueue(
        3, _runner.Run, new BatchingOptions { MaxBatchSize = MaxBatchSize, Capacity = Capacity, MaxDelay = TimeSpan.Zero },
        TimeProvider.System, _metrics, _ => { });

    [Fact]
    public async Task Run_ManyImages_GivesEachWhatARunAloneWouldGive()
    {
        var first = Enqueue(1);
        await _runner.RunHasStartedAsync();
        var others = Enumerable.Range(2, 10).Select(value => Enqueue((byte)value)).ToArray();
        _runner.Permit(4);

        var outputs = await Task.WhenAll([first, .. others]);

        Assert.Equal([1, 4, 4, 2], _runner.Batches.Select(batch => batch.Length));
        for (var index = 0; index < outputs.Length; index++)
        {
            var (preLogits, logit) = GatedRunner.Expected(Pixel((byte)(index + 1)));
            Assert.Equal(preLogits, outputs[index].PreLogits);
            Assert.Equal([logit], outputs[index].Logits);
        }
        Assert.Equal(0, _queue.InFlight);
    }

    [Fact]
    public void Reserve_FullQueue_RefusesAndNamesTheLimit()
    {
        using var all = _queue.Reserve(Capacity);

        var refusal = Assert.Throws<QueueFullException>(() => _queue.Reserve(1));

        Assert.Contains($"Batching:Capacity = {Capacity}", refusal.Message, StringComparison.Ordinal);
        Assert.True(refusal.RetryAfter > TimeSpan.Zero);
        Assert.Equal(Capacity, _queue.InFlight);
        all.Dispose();
        _queue.Reserve(Capacity).Dispose();
        Assert.Equal(0, _queue.InFlight);
    }

    [Fact]
    public async Task Places_OfImagesThatNeverJoined_AreGivenBack()
    {
        var places = _queue.Reserve(3);
        var joined = _queue.RunAsync(places, Rent(7), DateTimeOffset.MaxValue, CancellationToken.None);

        places.Dispose();

        Assert.Equal(1, _queue.InFlight);
        _runner.Permit(1);
        await joined;
    }

    [Fact]
    public async Task Caller_WhoLeftBeforeTheRun_IsDropped()
    {
        using var leaving = new CancellationTokenSource();
        var first = Enqueue(1);
        await _runner.RunHasStartedAsync();
        var left = EnqueueFor(2, DateTimeOffset.MaxValue, leaving.Token);
        var stayed = Enqueue(3);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        _runner.Permit(2);
        await Task.WhenAll(first, stayed);

        Assert.Equal(new byte[][] { [1], [3] }, _runner.Batches);
        Assert.Equal(0, _queue.InFlight);
    }

    [Fact]
    public async Task Caller_WhoseDeadlineHasPassed_IsDropped()
    {
        var first = Enqueue(1);
        await _runner.RunHasStartedAsync();
        var late = EnqueueFor(2, DateTimeOffset.UnixEpoch, CancellationToken.None);
        var inTime = Enqueue(3);
        _runner.Permit(2);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late);
        await Task.WhenAll(first, inTime);

        Assert.Equal(new byte[][] { [1], [3] }, _runner.Batches);
    }

    [Fact]
    public async Task Run_ThatFails_FailsItsOwnImagesOnly()
    {
        var first = Enqueue(1);
        await _runner.RunHasStartedAsync();
        var failed = new[] { Enqueue(2), Enqueue(GatedRunner.Poison), Enqueue(3), Enqueue(4) };
        var next = Enqueue(5);
        _runner.Permit(3);

        await first;
        foreach (var image in failed)
            Assert.IsType<InvalidOperationException>((await Assert.ThrowsAsync<BatchFailedException>(() => image)).InnerException);
        Assert.Equal(GatedRunner.Expected(Pixel(5)).PreLogits, (await next).PreLogits);
        Assert.Equal(0, _queue.InFlight);
    }

    [Fact]
    public async Task Gather_WhileOthersAreStillDecoded_WaitsForThemAndNotForMore()
    {
        // An hour: only the arrival of all that were announced can start these runs.
        var options = new BatchingOptions { MaxBatchSize = MaxBatchSize, Capacity = Capacity, MaxDelay = TimeSpan.FromHours(1) };
        await using var queue = new BatchQueue(3, _runner.Run, options, TimeProvider.System, _metrics, _ => { });
        _runner.Permit(2);
        using (var two = queue.Reserve(2))
        {
            var first = queue.RunAsync(two, Rent(1), DateTimeOffset.MaxValue, CancellationToken.None);
            var second = queue.RunAsync(two, Rent(2), DateTimeOffset.MaxValue, CancellationToken.None);
            await Task.WhenAll(first, second);
        }
        using var one = queue.Reserve(1);
        await queue.RunAsync(one, Rent(3), DateTimeOffset.MaxValue, CancellationToken.None);

        Assert.Equal(new byte[][] { [1, 2], [3] }, _runner.Batches);
    }

    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync();
        _runner.Dispose();
        _metrics.Dispose();
    }

    private Task<ImageOutput> Enqueue(byte value) => EnqueueFor(value, DateTimeOffset.MaxValue, CancellationToken.None);

    private Task<ImageOutput> EnqueueFor(byte value, DateTimeOffset deadline, CancellationToken caller)
    {
        using var places = _queue.Reserve(1);
        return _queue.RunAsync(places, Rent(value), deadline, caller);
    }

    private static byte[] Pixel(byte value) => [value, (byte)(value / 2), (byte)(value * 3)];

    private static byte[] Rent(byte value)
    {
        var rented = ArrayPool<byte>.Shared.Rent(3);
        Pixel(value).CopyTo(rented, 0);
        return rented;
    }
}
