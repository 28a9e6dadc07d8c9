using System.Runtime.CompilerServices;
using BiT.Core.Store;

namespace BiT.Serving.Jobs;

/// <summary>What a watch tells.</summary>
/// <param name="Event">What happened; null for a sign of life while nothing does.</param>
/// <param name="Job">The job as it stood no earlier than the event.</param>
internal sealed record WatchedEvent(JobEvent? Event, JobRecord Job);

/// <summary>Follows the events of a job: those in the store first, then new ones, until the job is done and its promotion decided.</summary>
internal sealed class JobWatch(JobStore jobs, JobSignals signals, TimeProvider time)
{
    // Short enough to feel immediate, and a read of an indexed table is cheap.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(5);

    private const int EventsPerRead = 200;

    /// <summary>Events behind a cursor, each once and in order; between them a sign of life every five seconds.</summary>
    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    public async IAsyncEnumerable<WatchedEvent> EventsAsync(
        string jobId, long cursor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lastSent = time.GetTimestamp();
        while (true)
        {
            var change = signals.Next;
            // The state is read before the events: a job that is over writes no more, so an empty reading after it is the end.
            var before = Find(jobId);
            var events = jobs.ReadEvents(jobId, cursor, EventsPerRead);
            if (events.Count > 0)
            {
                // And again behind them: the event that makes a job done is told with a job that is.
                var after = Find(jobId);
                foreach (var item in events)
                {
                    cursor = item.Cursor;
                    yield return new WatchedEvent(item, after);
                }
                lastSent = time.GetTimestamp();
                continue;
            }
            if (before is { IsDone: true, IsPromotionDue: false })
                yield break;
            if (time.GetElapsedTime(lastSent) >= HeartbeatInterval)
            {
                lastSent = time.GetTimestamp();
                yield return new WatchedEvent(null, before);
            }
            await signals.WaitAsync(change, PollInterval, cancellationToken);
        }
    }

    private JobRecord Find(string jobId) => jobs.Find(jobId) ?? throw new StoreNotFoundException($"There is no job '{jobId}'.");
}
