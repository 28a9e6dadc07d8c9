using BiT.Protocol.V1;
using Grpc.Core;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Reads the events of a job.</summary>
internal static class JobEvents
{
    /// <summary>What happened next, without the heartbeats between: how many come depends on the machine's speed.</summary>
    /// <returns>Null at the end.</returns>
    public static async Task<FineTuneJobEvent?> NextEventAsync(this IAsyncStreamReader<FineTuneJobEvent> stream)
    {
        while (await stream.MoveNext(TestContext.Current.CancellationToken))
        {
            if (stream.Current.Cursor != 0)
                return stream.Current;
        }
        return null;
    }

    /// <summary>All events up to the end of the job, without the heartbeats.</summary>
    public static async Task<List<FineTuneJobEvent>> ReadToEndAsync(this AsyncServerStreamingCall<FineTuneJobEvent> watch)
    {
        var events = new List<FineTuneJobEvent>();
        while (await watch.ResponseStream.NextEventAsync() is { } item)
            events.Add(item);
        return events;
    }
}
