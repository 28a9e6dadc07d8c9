using BiT.Core.Imaging;

namespace BiT.Tests.Unit.Imaging;

public sealed class PixelBudgetTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AcquireAsync_WithinCapacity_IsGrantedAtOnce()
    {
        var budget = new PixelBudget(100);

        using var first = await budget.AcquireAsync(60, Stop);
        using var second = await budget.AcquireAsync(40, Stop);

        Assert.Equal(0, budget.Available);
    }

    [Fact]
    public async Task AcquireAsync_AboveWhatIsLeft_WaitsInOrder()
    {
        var budget = new PixelBudget(100);
        var held = await budget.AcquireAsync(60, Stop);
        var large = budget.AcquireAsync(80, Stop);
        var small = budget.AcquireAsync(10, Stop);

        Assert.False(large.IsCompleted);
        Assert.False(small.IsCompleted); // would fit, but must not overtake
        held.Dispose();
        (await large).Dispose();
        (await small).Dispose();

        Assert.Equal(100, budget.Available);
    }

    [Fact]
    public async Task AcquireAsync_LargerThanCapacity_TakesAllOfIt()
    {
        var budget = new PixelBudget(100);

        var all = await budget.AcquireAsync(5_000_000_000, Stop);
        var next = budget.AcquireAsync(1, Stop);

        Assert.Equal(0, budget.Available);
        Assert.False(next.IsCompleted);
        all.Dispose();
        (await next).Dispose();
    }

    [Fact]
    public async Task AcquireAsync_CancelledWaiter_HoldsNothingAndLetsOthersPass()
    {
        var budget = new PixelBudget(100);
        using var held = await budget.AcquireAsync(60, Stop);
        using var cancellation = new CancellationTokenSource();
        var large = budget.AcquireAsync(80, cancellation.Token);
        var small = budget.AcquireAsync(10, Stop);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        using var granted = await small;
        Assert.Equal(30, budget.Available);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => budget.AcquireAsync(1, cancellation.Token));
    }

    [Fact]
    public async Task Dispose_Twice_GivesBackOnce()
    {
        var budget = new PixelBudget(100);
        var share = await budget.AcquireAsync(30, Stop);

        share.Dispose();
        share.Dispose();

        Assert.Equal(100, budget.Available);
    }

    [Fact]
    public async Task AcquireAsync_ManyThreads_NeverExceedTheCapacity()
    {
        var budget = new PixelBudget(10);
        var inFlight = 0;
        var most = 0;

        var eightAtATime = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Stop };
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), eightAtATime, async (i, token) =>
        {
            var pixels = 1 + (i % 7);
            using var share = await budget.AcquireAsync(pixels, token);
            var now = Interlocked.Add(ref inFlight, pixels);
            InterlockedMax(ref most, now);
            await Task.Yield();
            Interlocked.Add(ref inFlight, -pixels);
        });

        Assert.InRange(most, 1, 10);
        Assert.Equal(10, budget.Available);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }
}
