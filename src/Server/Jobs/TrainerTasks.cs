using BiT.Core.Store;
using BiT.Serving.Startup;

namespace BiT.Serving.Jobs;

/// <summary>A trainer could not do what a caller waited for.</summary>
internal sealed class TaskFailedException(TaskKind kind, JobError error) : Exception(error.Message)
{
    public TaskKind Kind { get; } = kind;

    public JobError Error { get; } = error;
}

/// <summary>As many callers wait for a trainer as the server takes at one time.</summary>
internal sealed class TooManyTasksException(int limit)
    : Exception($"{limit} calls wait for a trainer; the limit is Limits:MaxWaitingTasks = {limit}. Try again when one has ended.")
{
    public int Limit { get; } = limit;
}

/// <summary>No trainer works on this workspace.</summary>
internal sealed class NoTrainerException(TimeSpan waited)
    : Exception($"No trainer took up the work within Limits:TaskPickupTimeout = {waited}. Start one (Trainer:Enabled true, or the trainer's "
        + "verb work on this workspace) and look at the server's log for why it is not running.");

/// <summary>Has a trainer do short work while the caller waits: the task is a row of the store, so any trainer of the workspace can take
/// it.</summary>
internal sealed class TrainerTasks(Workspace workspace, LimitOptions limits, TimeProvider time, ILogger<TrainerTasks> logger) : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    // A server that dies leaves a task that nobody awaits: it is dropped after this.
    private static readonly TimeSpan Awaited = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AwaitInterval = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _places = new(limits.MaxWaitingTasks);

    /// <summary>Submits a task and waits for its result. When the caller leaves, the task is dropped.</summary>
    /// <typeparam name="TRequest">The kind's request, registered in StoreJson.</typeparam>
    /// <param name="kind">What is to be done.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="cancellationToken">Ends with the call or the server.</param>
    /// <returns>The result as JSON.</returns>
    /// <exception cref="TaskFailedException">The trainer could not do it.</exception>
    /// <exception cref="TooManyTasksException">Too many callers wait.</exception>
    /// <exception cref="NoTrainerException">No trainer takes up tasks.</exception>
    public async Task<string> RunAsync<TRequest>(TaskKind kind, TRequest request, CancellationToken cancellationToken)
        where TRequest : class
    {
        if (!await _places.WaitAsync(TimeSpan.Zero, cancellationToken))
            throw new TooManyTasksException(limits.MaxWaitingTasks);
        try
        {
            var json = StoreJson.WriteTask(request);
            // Dropped although it was awaited: the clock jumped, or the process stood still for long. It is asked for anew.
            while (true)
            {
                if (await RunOnceAsync(kind, json, cancellationToken) is { } ended)
                    return ended.Error is { } error ? throw new TaskFailedException(kind, error) : ended.Result!;
            }
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();

    private async Task<TrainerTask?> RunOnceAsync(TaskKind kind, string request, CancellationToken cancellationToken)
    {
        var id = workspace.Tasks.Submit(kind, request, Awaited).Id;
        TrainerTask? ended = null;
        try
        {
            ended = await WaitAsync(id, cancellationToken);
            return ended;
        }
        finally
        {
            if (ended is null || ended.State == JobState.Succeeded)
                Abandon(id);
        }
    }

    /// <returns>The task once it is done; null if it vanished.</returns>
    private async Task<TrainerTask?> WaitAsync(string id, CancellationToken cancellationToken)
    {
        var lastAwait = time.GetTimestamp();
        var lastSeenRunning = lastAwait;
        while (true)
        {
            if (workspace.Tasks.Find(id) is not { } task)
                return null;
            if (task.State is JobState.Succeeded or JobState.Failed)
                return task;
            if (task.State == JobState.Running)
                lastSeenRunning = time.GetTimestamp();
            if (time.GetElapsedTime(lastAwait) >= AwaitInterval)
            {
                workspace.Tasks.Await(id, Awaited);
                lastAwait = time.GetTimestamp();
            }
            if (time.GetElapsedTime(lastSeenRunning) >= limits.TaskPickupTimeout)
            {
                // Behind other tasks that a trainer works on, waiting is in order.
                if (!workspace.Tasks.IsAnyRunning())
                    throw new NoTrainerException(limits.TaskPickupTimeout);
                lastSeenRunning = time.GetTimestamp();
            }
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    private void Abandon(string id)
    {
        try
        {
            workspace.Tasks.Abandon(id);
        }
        catch (StoreUnavailableException problem)
        {
            // Nobody renews it, so it is dropped a little later.
            logger.LogWarning("Task {Task} could not be dropped: {Message}", id, problem.Message);
        }
    }
}
