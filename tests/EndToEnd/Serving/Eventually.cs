using System.Diagnostics;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Waits for what another process will do.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <param name="patience">A guard against hanging; null for a minute.</param>
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
