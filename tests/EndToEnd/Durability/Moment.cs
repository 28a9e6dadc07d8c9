using System.Diagnostics;

namespace BiT.Tests.EndToEnd.Durability;

/// <summary>Waits for something that comes; far longer than it ever takes, so that no test depends on the machine's speed.</summary>
internal static class Moment
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(2);

    public static async Task ComesAsync(Func<bool> isHere, Func<string> describe)
    {
        var start = Stopwatch.GetTimestamp();
        while (!isHere())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, describe());
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }
}
