using System.Diagnostics;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Waits for what another process will do.</summary>
internal static class Eventually
{
    // Of no meaning but to end a test that hangs: the machine may be busy, and trainers run at low priority.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <param name="patience">A guard against hanging; null for five minutes.</param>
    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string>? explain = null, TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < (patience ?? Patience), $"It did not happen within {patience ?? Patience}. {explain?.Invoke()}");
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }
}
