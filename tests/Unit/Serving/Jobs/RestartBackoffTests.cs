using BiT.Serving.Jobs;

namespace BiT.Tests.Unit.Serving.Jobs;

public sealed class RestartBackoffTests
{
    private static readonly TimeSpan QuickLife = RestartBackoff.QuickDeath - TimeSpan.FromTicks(1);

    [Fact]
    public void After_LongLife_RestartsAtOnce() => Assert.Equal(TimeSpan.Zero, new RestartBackoff().After(RestartBackoff.QuickDeath));

    [Fact]
    public void After_QuickDeaths_WaitsLongerUpToTheMaximum()
    {
        var backoff = new RestartBackoff();

        var delays = Enumerable.Range(0, 100).Select(_ => backoff.After(QuickLife)).ToArray();

        Assert.Equal([0.25, 0.5, 1, 2, 4, 8, 16, 30, 30], delays.Take(9).Select(delay => delay.TotalSeconds));
        Assert.All(delays.Skip(8), delay => Assert.Equal(RestartBackoff.MaxDelay, delay));
    }

    [Fact]
    public void After_LongLifeBetweenQuickDeaths_BeginsAnew()
    {
        var backoff = new RestartBackoff();
        backoff.After(QuickLife);
        backoff.After(QuickLife);

        backoff.After(RestartBackoff.QuickDeath);

        Assert.Equal(TimeSpan.FromMilliseconds(250), backoff.After(QuickLife));
    }
}
