using BiT.Core.Store;

namespace BiT.Training.Worker;

/// <summary>Says every few seconds that this trainer is there, so that whoever waits for one can be told.</summary>
internal sealed class SignOfLife : IAsyncDisposable
{
    private readonly JobStore _jobs;
    private readonly string _workerId;
    private readonly ITimer _timer;

    public SignOfLife(JobStore jobs, string workerId, TimeProvider time)
    {
        _jobs = jobs;
        _workerId = workerId;
        _timer = time.CreateTimer(_ => Try(() => _jobs.SayAlive(_workerId)), null, TimeSpan.Zero, JobStore.AliveInterval);
    }

    public async ValueTask DisposeAsync()
    {
        // A sign that is on its way comes first.
        await _timer.DisposeAsync();
        Try(() => _jobs.SayGone(_workerId));
    }

    // It only informs: a store that is busy or full hears the next one.
    private static void Try(Action say)
    {
        try
        {
            say();
        }
        catch (StoreUnavailableException)
        {
        }
    }
}
