namespace BiT.Core.Imaging;

/// <summary>Bounds the pixels that are decoded at one time over all threads.</summary>
/// <remarks>First come, first served: a large image is never overtaken for ever by small ones. An image larger than the whole budget takes
/// all of it, so it runs alone rather than never. Safe for several threads.</remarks>
public sealed class PixelBudget
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiters = new();
    private long _available;

    /// <param name="capacity">Pixels that may be in flight, at least 1; each takes 4 bytes, 8 while it is being turned.</param>
    public PixelBudget(long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Capacity = capacity;
        _available = capacity;
    }

    /// <summary>Pixels that may be in flight.</summary>
    public long Capacity { get; }

    /// <summary>Pixels that nobody holds now.</summary>
    public long Available
    {
        get
        {
            lock (_lock)
                return _available;
        }
    }

    /// <summary>Waits until the pixels are available and takes them.</summary>
    /// <param name="pixels">Pixels, at least 1; see <see cref="ImageDecoder.DecodedPixels"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Gives the pixels back when disposed; a second Dispose does nothing.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled first; nothing is held.</exception>
    public Task<IDisposable> AcquireAsync(long pixels, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pixels);
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<IDisposable>(cancellationToken);
        var share = Math.Min(pixels, Capacity);
        Waiter waiter;
        lock (_lock)
        {
            if (_waiters.Count == 0 && share <= _available)
            {
                _available -= share;
                return Task.FromResult<IDisposable>(new Share(this, share));
            }
            waiter = new Waiter(share);
            _waiters.AddLast(waiter);
        }
        return WaitAsync(waiter, cancellationToken);
    }

    private async Task<IDisposable> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(_ => Abandon(waiter, cancellationToken), null);
        return await waiter.Granted.Task.ConfigureAwait(false);
    }

    private void Abandon(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // Granted already: the share goes to the caller, who sees its own token.
            if (!_waiters.Remove(waiter))
                return;
            GrantWaiters();
        }
        waiter.Granted.TrySetCanceled(cancellationToken);
    }

    private void Release(long share)
    {
        lock (_lock)
        {
            _available += share;
            GrantWaiters();
        }
    }

    private void GrantWaiters()
    {
        while (_waiters.First is { Value: var waiter } && waiter.Share <= _available)
        {
            _waiters.RemoveFirst();
            _available -= waiter.Share;
            // Continuations run elsewhere (see Waiter), never under the lock.
            waiter.Granted.SetResult(new Share(this, waiter.Share));
        }
    }

    private sealed class Waiter(long share)
    {
        public long Share { get; } = share;

        public TaskCompletionSource<IDisposable> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Share(PixelBudget budget, long pixels) : IDisposable
    {
        private long _pixels = pixels;

        public void Dispose()
        {
            var held = Interlocked.Exchange(ref _pixels, 0);
            if (held > 0)
                budget.Release(held);
        }
    }
}
