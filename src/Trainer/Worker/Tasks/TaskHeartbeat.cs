using BiT.Core.Store;

namespace BiT.Training.Worker.Tasks;

/// <summary>Keeps a task's lease alive on a timer of its own, and learns there that the work is to stop.</summary>
internal sealed class TaskHeartbeat : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TaskStore _tasks;
    private readonly TaskLease _lease;
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private bool _isDisposed;

    public TaskHeartbeat(TaskStore tasks, TaskLease lease, TimeProvider time, CancellationToken shutdown)
    {
        _tasks = tasks;
        _lease = lease;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(shutdown);
        _timer = time.CreateTimer(_ => Beat(), null, Interval, Interval);
    }

    /// <summary>Cancelled when the work is to stop.</summary>
    public CancellationToken Stop => _stop.Token;

    public void Dispose()
    {
        _timer.Dispose();
        // A beat that is on its way ends first.
        lock (_lock)
        {
            _isDisposed = true;
            _stop.Dispose();
        }
    }

    private void Beat()
    {
        // A timer may fire again while a slow disk holds the beat before.
        if (!_lock.TryEnter())
            return;
        try
        {
            if (!_isDisposed && _tasks.Heartbeat(_lease))
                _stop.Cancel();
        }
        catch (StoreUnavailableException)
        {
            // A busy or full disk may recover; if not, the lease runs out.
        }
        finally
        {
            _lock.Exit();
        }
    }
}
