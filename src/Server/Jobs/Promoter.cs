using BiT.Core.Store;
using BiT.Serving.Hosting;

namespace BiT.Serving.Jobs;

/// <summary>Decides the promotions of jobs that have succeeded, also of those that did while no server ran. The alias and the outcome change
/// in one transaction, so that each promotion is decided once, whoever dies in between.</summary>
internal sealed class Promoter(
    Workspace workspace, ModelCatalog catalog, JobSignals signals, TimeProvider time, ILogger<Promoter> logger)
    : BackgroundService
{
    // A read of an index that is nearly always empty.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = await TryPromoteAllAsync(stoppingToken) ? PollInterval : RetryInterval;
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> TryPromoteAllAsync(CancellationToken stopping)
    {
        try
        {
            var isAllDecided = true;
            foreach (var job in workspace.Jobs.ListToPromote())
                isAllDecided &= await TryPromoteAsync(job, stopping);
            return isAllDecided;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            logger.LogError(failure, "The store could not be asked for promotions; it is asked again in {Interval}.", RetryInterval);
            return false;
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    // Each on its own: one that fails must not hold up those behind it.
    private async Task<bool> TryPromoteAsync(JobRecord job, CancellationToken stopping)
    {
        try
        {
            var outcome = await PromoteAsync(job, stopping);
            signals.Raise();
            logger.LogInformation("Job {Job}: {Reason}", job.Id, outcome.Reason);
            return true;
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            // For example a busy or full store: nothing was decided, so nothing is lost.
            logger.LogError(failure, "The promotion of job {Job} could not be decided; it is tried again in {Interval}.", job.Id, RetryInterval);
            return false;
        }
    }

    private async Task<JobPromotion> PromoteAsync(JobRecord job, CancellationToken stopping)
    {
        var decision = PromotionDecision.Of(job);
        if (decision.Expected is null)
            return workspace.Jobs.Promote(job.Id, null, decision.Describe);
        var version = job.Result ?? throw new InvalidOperationException($"Job {job.Id} succeeded without a version.");
        try
        {
            JobPromotion? outcome = null;
            await catalog.MoveAliasAsync(version, decision.Alias, () =>
            {
                outcome = workspace.Jobs.Promote(job.Id, decision.Expected, decision.Describe);
                return outcome.IsPromoted;
            }, stopping);
            return outcome ?? throw new InvalidOperationException("The catalog did not call back.");
        }
        catch (Exception failure) when (failure is ModelNotFoundException or ModelNotLoadableException)
        {
            return workspace.Jobs.Promote(job.Id, null, (_, previous) => new JobPromotion
            {
                IsPromoted = false, Reason = $"{version} was not promoted to {decision.Alias}: {failure.Message}", Previous = previous,
            });
        }
    }
}
