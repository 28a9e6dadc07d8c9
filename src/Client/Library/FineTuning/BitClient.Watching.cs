using System.Runtime.CompilerServices;
using Grpc.Core;
using Wire = BiT.Protocol.V1;

namespace BiT.Client;

public sealed partial class BitClient
{
    /// <summary>Follows a job: old events first, then new ones as they happen, until the job is done and its promotion, if one was asked
    /// for, is decided. While nothing happens, heartbeats come (<see cref="FineTuneJobEvent.IsHeartbeat"/>).</summary>
    /// <param name="job">The job.</param>
    /// <param name="afterCursor">Only events behind this cursor; 0 means from the beginning.</param>
    /// <returns>Each event exactly once, in order. A broken connection is opened again behind the last event seen.</returns>
    /// <exception cref="BitException">
    /// NotFound: there is no such job. Unavailable: the service did not come back (<see cref="BitClientOptions.MaxReconnects"/>).
    /// </exception>
    public async IAsyncEnumerable<FineTuneJobEvent> WatchFineTuneJobAsync(
        string job, long afterCursor = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var name = ResourceName.Job(job);
        var cursor = afterCursor;
        var isEndSeen = false;
        for (var breaks = 0; ;)
        {
            Exception? broken = null;
            using (var call = _fineTuning.WatchFineTuneJob(
                new Wire.WatchFineTuneJobRequest { Name = name, Cursor = cursor }, Options(null, cancellationToken)))
            {
                while (true)
                {
                    FineTuneJobEvent? next;
                    try
                    {
                        next = await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false)
                            ? FineTuneWire.FromWire(call.ResponseStream.Current)
                            : null;
                    }
                    catch (Exception failure) when (Failures.IsOfCall(failure))
                    {
                        broken = Failures.Translate(failure, Address, cancellationToken);
                        if (!MayReconnect(failure) || broken is OperationCanceledException)
                            throw broken;
                        break;
                    }
                    if (next is null)
                        break;
                    if (next.IsHeartbeat)
                    {
                        breaks = 0;
                        // Whoever notes the cursor of the newest event to continue behind it must not begin anew.
                        yield return next with { Cursor = cursor };
                        continue;
                    }
                    if (next.Cursor <= cursor)
                        continue;
                    cursor = next.Cursor;
                    breaks = 0;
                    yield return next;
                    // The job with an old event is the job of today: only an event of the end tells that the end was seen. What became of a
                    // promotion may still follow it, so the service ends the stream.
                    isEndSeen |= next is
                    {
                        State: JobState.Succeeded or JobState.Failed or JobState.Cancelled, Job: { IsDone: true, IsPromotionPending: false },
                    };
                }
            }
            if (isEndSeen)
                yield break;
            // The stream ended without the event that makes the job done: either that event lies before the cursor, or a server
            // that is shutting down closed the stream politely.
            if (broken is null && await GetFineTuneJobAsync(name, cancellationToken).ConfigureAwait(false)
                is { IsDone: true, IsPromotionPending: false })
                yield break;
            if (breaks++ >= _options.MaxReconnects)
                throw broken ?? new BitException(StatusCode.Unavailable, "WATCH_ENDED", $"The service keeps ending the watch of {name}.");
            await Task.Delay(_options.ReconnectDelay * Math.Min(10, 1 << Math.Min(breaks - 1, 10)), _time, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    // Unavailable: refused or going away. Internal, Unknown and Cancelled are what gRPC makes of a connection that broke in the middle
    // of a message or of a reset by a dying server; a job's own error never comes as the status of a watch.
    private static bool MayReconnect(Exception broken)
        => broken is not RpcException failure
            || failure.StatusCode is StatusCode.Unavailable
            || (failure.StatusCode is StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled
                && failure.GetRpcStatus() is null && failure.Status.DebugException is not null);
}
