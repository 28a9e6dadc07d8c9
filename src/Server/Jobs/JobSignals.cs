namespace BiT.Serving.Jobs;

/// <summary>Wakes those who wait for job events when this process changed a job; other processes are noticed by polling.</summary>
internal sealed class JobSignals(TimeProvider time)
{
    private TaskCompletionSource _next = New();

    /// <summary>The next change. Take it before reading the store: a change after the reading then completes it.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Raise() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>Returns at the change, or when the time is over.</summary>
    public async Task WaitAsync(Task change, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await change.WaitAsync(timeout, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
