using BiT.Core.Store;

namespace BiT.Training.Worker;

/// <summary>Hears within a few milliseconds that somebody wants a job to stop, or that the lease is lost. A heartbeat hears it too, but comes
/// every second only.</summary>
/// <remarks>SQLite tells nobody across processes. Asking for its version number takes a few microseconds, and the row is read only
/// when that has changed.</remarks>
internal sealed class StopListener : IDisposable
{
    // Shorter than a micro-batch of any network but a head's.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly Lock _lock = new();
    private readonly Workspace _workspace;
    private readonly Action _listen;
    private readonly ITimer _timer;
    private long? _seen;
    private bool _isDisposed;

    /// <param name="workspace">The store.</param>
    /// <param name="time">The clock of the intervals.</param>
    /// <param name="listen">Called when something has changed in the store, on a thread of its own.</param>
    public StopListener(Workspace workspace, TimeProvider time, Action listen)
    {
        _workspace = workspace;
        _listen = listen;
        _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    public void Dispose()
    {
        _timer.Dispose();
        // A look that is on its way ends first.
        lock (_lock)
            _isDisposed = true;
    }

    private void Look()
    {
        if (!_lock.TryEnter())
            return;
        try
        {
            if (_isDisposed || _workspace.DataVersion() is var version && version == _seen)
                return;
            _listen();
            _seen = version;
        }
        catch (StoreUnavailableException)
        {
            // Busy or failing just now: the next look, or a heartbeat, hears it.
        }
        finally
        {
            _lock.Exit();
        }
    }
}
