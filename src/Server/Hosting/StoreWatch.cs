using BiT.Core.Store;

namespace BiT.Serving.Hosting;

/// <summary>Notices what other processes change in the store. SQLite tells nobody across processes, so it is asked.</summary>
internal sealed class StoreWatch(
    Workspace workspace, ModelCatalog catalog, HostingOptions options, TimeProvider time, ILogger<StoreWatch> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var seen = workspace.DataVersion();
        using var timer = new PeriodicTimer(options.PollInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                seen = await LookAsync(seen, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task<long> LookAsync(long seen, CancellationToken stopping)
    {
        try
        {
            var version = workspace.DataVersion();
            if (version != seen)
                await catalog.RefreshAsync(stopping);
            return version;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A busy or briefly unreadable store must not end the watch; the old number makes the next tick try again.
            logger.LogError(failure, "The store could not be read; it is tried again in {Interval}.", options.PollInterval);
            return seen;
        }
    }
}
