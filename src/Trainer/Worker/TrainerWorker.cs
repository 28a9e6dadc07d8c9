using BiT.Core.Store;
using BiT.Training.Artifacts;

namespace BiT.Training.Worker;

/// <summary>Leases jobs from the store, one at a time, and runs them until it is told to stop.</summary>
internal sealed class TrainerWorker(Workspace workspace, TrainerOptions options, TimeProvider time, TextWriter log)
{
    private readonly ArtifactCache _artifacts = new(workspace.ArtifactFolder);

    /// <summary>Runs jobs until shutdown; a job in work is handed back at its checkpoint.</summary>
    public async Task RunAsync(CancellationToken shutdown)
    {
        Log($"Worker {options.WorkerId} looks for jobs in {workspace.Path}.");
        while (!shutdown.IsCancellationRequested)
        {
            if (workspace.Jobs.TryLease(options.WorkerId, options.LeaseDuration) is { } lease)
                Run(lease, shutdown);
            else
                await Task.Delay(options.PollInterval, time, shutdown).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Log($"Worker {options.WorkerId} stops.");
    }

    private void Run(JobLease lease, CancellationToken shutdown)
    {
        Log($"Job {lease.JobId}: attempt {lease.Attempt} begins.");
        using var reporter = new JobReporter(workspace.Jobs, lease, time, shutdown);
        try
        {
            var outcome = Attempt(lease, reporter);
            Log($"Job {lease.JobId}: {outcome}.");
        }
        catch (LeaseLostException problem)
        {
            Log($"Job {lease.JobId}: {problem.Message}");
        }
    }

    private string Attempt(JobLease lease, JobReporter reporter)
    {
        try
        {
            var job = workspace.Jobs.Find(lease.JobId) ?? throw new StoreNotFoundException($"Job {lease.JobId} vanished.");
            var manifest = new JobRun(workspace, _artifacts, options, lease, reporter).Run(job);
            var version = workspace.Jobs.Publish(lease, manifest);
            return $"published {version.Id}, validation accuracy {version.Manifest.ValidationAccuracy:P1}";
        }
        catch (OperationCanceledException) when (reporter.IsLeaseLost)
        {
            return "another worker has it now";
        }
        catch (OperationCanceledException) when (reporter.IsCancelRequested)
        {
            workspace.Jobs.Cancel(lease);
            return "cancelled";
        }
        catch (OperationCanceledException) when (reporter.Stop.IsCancellationRequested)
        {
            workspace.Jobs.Release(lease);
            return "handed back at its checkpoint";
        }
        catch (Exception problem) when (problem is not LeaseLostException)
        {
            Log(problem.ToString());
            var error = JobErrors.Of(problem);
            workspace.Jobs.Fail(lease, error);
            return $"failed, {error.Reason}: {error.Message}";
        }
    }

    private void Log(string line) => log.WriteLine($"{time.GetUtcNow():O} {line}");
}
