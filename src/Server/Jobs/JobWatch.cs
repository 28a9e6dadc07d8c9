using System.Runtime.CompilerServices;
using BiT.Core.Store;

namespace BiT.Serving.Jobs;

/// <summary>Follows the events of a job: those in the store first, then new ones, until the job is done.</summary>
internal sealed class JobWatch(JobStore jobs, JobSignals signals)
{
    // Short enough to feel immediate, and a read of an indexed table is cheap.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    private const int EventsPerRead = 200;

    /// <summary>Events behind a cursor, each once and in order.</summary>
    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    public async IAsyncEnumerable<JobEvent> EventsAsync(
        string jobId, long cursor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = signals.Next;
            // The state is read before the events: a done job writes no more, so an empty reading after it is the end.
            var job = jobs.Find(jobId) ?? throw new StoreNotFoundException($"There is no job '{jobId}'.");
            var events = jobs.ReadEvents(jobId, cursor, EventsPerRead);
            foreach (var item in events)
            {
                cursor = item.Cursor;
                yield return item;
            }
            if (events.Count > 0)
                continue;
            if (job.IsDone)
                yield break;
            await signals.WaitAsync(change, PollInterval, cancellationToken);
        }
    }
}
