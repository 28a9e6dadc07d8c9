using BiT.Serving.Startup;

namespace BiT.Serving.Rpc;

/// <summary>Bounds the uploads that run at one time.</summary>
internal sealed class UploadSlots(LimitOptions limits)
{
    private int _taken;

    /// <returns>Gives the slot back when disposed.</returns>
    /// <exception cref="TooManyUploadsException">None is free.</exception>
    public IDisposable Take()
    {
        if (Interlocked.Increment(ref _taken) <= limits.MaxConcurrentUploads)
            return new Slot(this);
        Interlocked.Decrement(ref _taken);
        throw new TooManyUploadsException(limits.MaxConcurrentUploads);
    }

    private sealed class Slot(UploadSlots slots) : IDisposable
    {
        private int _isReturned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isReturned, 1) == 0)
                Interlocked.Decrement(ref slots._taken);
        }
    }
}
