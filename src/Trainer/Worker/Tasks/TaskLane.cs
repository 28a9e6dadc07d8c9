using BiT.Core.Store;

namespace BiT.Training.Worker.Tasks;

/// <summary>Does tasks, one at a time, beside the job that the trainer may be working on: a caller who waits for an estimate is not to wait
/// for the end of somebody's training.</summary>
internal sealed class TaskLane(
    Workspace workspace, TrainerOptions options, IReadOnlyList<TaskHandler> handlers, Func<bool> isJobRunning, TimeProvider time, TextWriter log)
{
    /// <summary>Does tasks until shutdown; one in work is handed back.</summary>
    public async Task RunAsync(CancellationToken shutdown)
    {
        while (!shutdown.IsCancellationRequested)
        {
            if (TryLease() is { } lease)
                Run(lease, shutdown);
            else
                await Task.Delay(options.PollInterval, time, shutdown).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private TaskLease? TryLease()
    {
        try
        {
            return workspace.Tasks.TryLease(options.WorkerId, options.LeaseDuration);
        }
        catch (StoreUnavailableException problem)
        {
            Log(problem.Message);
            return null;
        }
    }

    private void Run(TaskLease lease, CancellationToken shutdown)
    {
        var name = $"Task {lease.Task.Kind} {lease.Task.Id}";
        Log($"{name} begins.");
        using var heartbeat = new TaskHeartbeat(workspace.Tasks, lease, time, shutdown);
        try
        {
            Log($"{name}: {Attempt(lease, heartbeat, shutdown)}.");
        }
        catch (TaskLostException problem)
        {
            Log($"{name}: {problem.Message}");
        }
        catch (StoreUnavailableException problem)
        {
            // Its end could not be written: the lease runs out, and the store takes the task back.
            Log($"{name}: {problem.Message}");
        }
    }

    private string Attempt(TaskLease lease, TaskHeartbeat heartbeat, CancellationToken shutdown)
    {
        try
        {
            var handler = handlers.FirstOrDefault(handler => handler.Kind == lease.Task.Kind);
            if (handler is null)
                return Fail(lease, new JobError("UNSUPPORTED_TASK",
                    $"This trainer does not know tasks of kind {lease.Task.Kind}. Run a trainer of the server's version."));
            return handler.Run(lease.Task.Request, new TaskContext(heartbeat.Stop, isJobRunning)) switch
            {
                TaskOutcome.Result result => Succeed(lease, result),
                TaskOutcome.NewVersion version => $"published {workspace.Tasks.Publish(lease, version.ModelId, version.Manifest).Id}",
                var other => throw new InvalidOperationException($"A task cannot end with {other}."),
            };
        }
        catch (OperationCanceledException) when (heartbeat.Stop.IsCancellationRequested)
        {
            if (shutdown.IsCancellationRequested)
                workspace.Tasks.Release(lease);
            return "stopped";
        }
        // A caller waits: of a store that is busy it learns by the next attempt, of what does not pass at once.
        catch (Exception problem) when (problem is not (TaskLostException or StoreUnavailableException { Problem: StoreProblem.Busy }))
        {
            Log(problem.ToString());
            return Fail(lease, JobErrors.Of(problem));
        }
    }

    private string Succeed(TaskLease lease, TaskOutcome.Result result)
    {
        workspace.Tasks.Succeed(lease, result.Json);
        return "done";
    }

    private string Fail(TaskLease lease, JobError error)
    {
        workspace.Tasks.Fail(lease, error);
        return $"failed, {error.Reason}: {error.Message}";
    }

    private void Log(string line) => log.WriteLine($"{time.GetUtcNow():O} {line}");
}
