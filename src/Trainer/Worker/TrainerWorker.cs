using BiT.Core.Store;
using BiT.Training.Artifacts;

namespace BiT.Training.Worker;

/// <summary>Leases jobs from the store, one at a time, and runs them until it is told to stop.</summary>
internal sealed class TrainerWorker(Workspace workspace, TrainerOptions options, TimeProvider time, TextWriter log)
{
    private readonly ArtifactCache _artifacts = new(workspace.ArtifactFolder);
    private volatile bool _isJobRunning;
    private string? _leaseProblem;

    /// <summary>Whether a job is in work at this moment.</summary>
    public bool IsJobRunning => _isJobRunning;

    /// <summary>Runs jobs until shutdown; a job in work is handed back at its checkpoint.</summary>
    public async Task RunAsync(CancellationToken shutdown)
    {
        Leftovers.Delete(workspace, time.GetUtcNow());
        Log($"Worker {options.WorkerId} looks for jobs in {workspace.Path}.");
        await using var alive = new SignOfLife(workspace.Jobs, options.WorkerId, time);
        while (!shutdown.IsCancellationRequested)
        {
            if (TryLease() is { } lease)
                Run(lease, shutdown);
            else
                await Task.Delay(options.PollInterval, time, shutdown).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Log($"Worker {options.WorkerId} stops.");
    }

    private JobLease? TryLease()
    {
        try
        {
            var lease = workspace.Jobs.TryLease(options.WorkerId, options.LeaseDuration);
            _leaseProblem = null;
            return lease;
        }
        catch (StoreUnavailableException problem)
        {
            // Once: it is asked three times a second, and a disk may be full for days.
            if (problem.Message != _leaseProblem)
                Log(problem.Message);
            _leaseProblem = problem.Message;
            return null;
        }
    }

    private void Run(JobLease lease, CancellationToken shutdown)
    {
        Log($"Job {lease.JobId}: attempt {lease.Attempt} begins.");
        using var reporter = new JobReporter(workspace, lease, time, shutdown);
        _isJobRunning = true;
        try
        {
            var outcome = Attempt(lease, reporter);
            Log($"Job {lease.JobId}: {outcome}.");
        }
        catch (Exception problem) when (problem is LeaseLostException or StoreUnavailableException)
        {
            // The job's end could not be written: the lease runs out, and the store takes the job back.
            Log($"Job {lease.JobId}: {problem.Message}");
        }
        finally
        {
            _isJobRunning = false;
        }
    }

    private string Attempt(JobLease lease, JobReporter reporter)
    {
        try
        {
            var wait = new DiskWait(workspace, reporter, time);
            var run = new JobRun(workspace, _artifacts, options, lease, reporter, wait);
            var result = wait.Retry(() => run.Run(Find(lease.JobId)));
            var version = wait.Retry(() => workspace.Jobs.Publish(lease, result.Manifest, result.Comparison));
            Leftovers.DeleteJob(workspace, lease.JobId);
            return $"published {version.Id}, validation accuracy {version.Manifest.ValidationAccuracy:P1}";
        }
        catch (OperationCanceledException) when (reporter.IsLeaseLost)
        {
            return "another worker has it now";
        }
        catch (Exception stopped) when (stopped is JobCancelRequestedException || (stopped is OperationCanceledException && reporter.Stop.IsCancellationRequested))
        {
            // Cancelled, Paused or Queued: whichever was asked for in the end.
            return $"stopped ({reporter.Request}), now {workspace.Jobs.Release(lease)}";
        }
        catch (Exception problem) when (MayPass(problem))
        {
            // A busy or failing disk may recover, and the work so far is in the checkpoint: the lease runs out, the job is taken again, and the
            // store ends it after a few attempts without a new step.
            Log(problem.ToString());
            TryTell(lease, $"The workspace cannot be read or written: {problem.Message} The job is taken again in {options.LeaseDuration.TotalSeconds:0} s.");
            return "stopped by its storage";
        }
        catch (Exception problem) when (problem is not LeaseLostException)
        {
            Log(problem.ToString());
            var error = JobErrors.Of(problem);
            workspace.Jobs.Fail(lease, error);
            return $"failed, {error.Reason}: {error.Message}";
        }
    }

    // Damage and want of memory end the job with their reason; it is of no use to try them again.
    private static bool MayPass(Exception problem) => problem is IOException or UnauthorizedAccessException
        or StoreUnavailableException { Problem: not (StoreProblem.Damaged or StoreProblem.OutOfMemory) };

    private JobRecord Find(string jobId) => workspace.Jobs.Find(jobId) ?? throw new StoreNotFoundException($"Job {jobId} vanished.");

    private void TryTell(JobLease lease, string message)
    {
        try
        {
            workspace.Jobs.AppendMessage(lease, message);
        }
        catch (StoreUnavailableException problem)
        {
            Log(problem.Message);
        }
    }

    private void Log(string line) => log.WriteLine($"{time.GetUtcNow():O} {line}");
}
