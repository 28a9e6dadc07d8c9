namespace BiT.Serving.Rpc;

/// <summary>Bounds the calls of one kind that run at one time.</summary>
/// <param name="limit">Calls at one time, at least 1.</param>
/// <param name="refuse">What a call that finds no place is told.</param>
internal abstract class CallSlots(int limit, Func<int, Exception> refuse)
{
    private int _taken;

    /// <returns>Gives the slot back when disposed.</returns>
    /// <exception cref="Exception">None is free: what the constructor was given.</exception>
    public IDisposable Take()
    {
        // Never counted above the limit, not for a moment either: another call might be refused because of it.
        for (var taken = Volatile.Read(ref _taken); taken < limit;)
        {
            var seen = Interlocked.CompareExchange(ref _taken, taken + 1, taken);
            if (seen == taken)
                return new Slot(this);
            taken = seen;
        }
        throw refuse(limit);
    }

    private sealed class Slot(CallSlots slots) : IDisposable
    {
        private int _isReturned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isReturned, 1) == 0)
                Interlocked.Decrement(ref slots._taken);
        }
    }
}
