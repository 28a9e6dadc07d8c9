using BiT.Core.Store;

namespace BiT.Serving.Upkeep;

/// <summary>Deletes what nobody needs any more, from time to time.</summary>
internal sealed class RetentionService(Workspace workspace, RetentionOptions options, TimeProvider time, ILogger<RetentionService> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Enabled)
            return;
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Collect();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private void Collect()
    {
        try
        {
            var report = workspace.Collect(options.ToCollection(), isDryRun: false);
            if (!report.IsEmpty)
            {
                logger.LogInformation(
                    "Collected {Blobs} blob(s) of {BlobBytes} bytes, the checkpoints of {Jobs} job(s) of {CheckpointBytes} bytes, {Events} progress event(s), {Cached} cached file(s) of {CacheBytes} bytes.",
                    report.BlobCount, report.BlobBytes, report.CheckpointJobCount, report.CheckpointBytes, report.EventCount,
                    report.CacheCount, report.CacheBytes);
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Nothing is lost by waiting, and a server must not end because it could not tidy up.
            logger.LogError(failure, "Nothing could be collected; it is tried again in {Interval}. bit doctor says what is wrong.", options.Interval);
        }
    }
}
