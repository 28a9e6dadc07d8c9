using BiT.Client;
using Grpc.Core;
using Wire = BiT.Protocol.V1;

namespace BiT.Tests.Unit.Client;

public sealed class JobWatchingTests
{
    private const string Job = "fineTuneJobs/j1";

    private static readonly BitClientOptions Options = new() { ReconnectDelay = TimeSpan.FromMilliseconds(1), MaxReconnects = 3 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watch_ConnectionBreaks_ContinuesBehindTheLastEvent()
    {
        var cursors = new List<long>();
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = async (request, writer, context) =>
            {
                cursors.Add(request.Cursor);
                var first = request.Cursor + 1;
                await writer.WriteAsync(Message(first));
                await writer.WriteAsync(Message(first + 1));
                if (cursors.Count < 3)
                {
                    // The client must have what was sent before the connection dies under it.
                    await writer.WriteAsync(Message(first + 1));
                    context.GetHttpContext().Abort();
                    return;
                }
                await writer.WriteAsync(Done(first + 2));
            },
        });

        var seen = await CollectAsync(service);

        // How much of what was sent before the abort arrives is the network's choice; each event must come once, in order, to the end.
        Assert.Equal(Enumerable.Range(1, seen.Count).Select(cursor => (long)cursor), seen.Select(happened => happened.Cursor));
        Assert.Equal(JobState.Succeeded, seen[^1].State);
        Assert.Equal(3, cursors.Count);
        Assert.Equal(0, cursors[0]);
        Assert.Equal(seen[^1].Cursor - 3, cursors[2]);
    }

    [Fact]
    public async Task Watch_Heartbeats_CarryTheCursorBeforeThemAndTheJob()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = async (_, writer, _) =>
            {
                await writer.WriteAsync(Message(4));
                await writer.WriteAsync(new Wire.FineTuneJobEvent
                {
                    HeartbeatAge = new() { Seconds = 3 },
                    Job = new Wire.FineTuneJob { Name = Job, State = Wire.JobState.Running },
                });
                await writer.WriteAsync(Done(9));
            },
        });

        var seen = await CollectAsync(service);

        Assert.Equal([(4, false), (4, true), (9, false)], seen.Select(happened => (happened.Cursor, happened.IsHeartbeat)));
        Assert.Equal((TimeSpan.FromSeconds(3), JobState.Running), (seen[1].HeartbeatAge, seen[1].Job?.State));
    }

    [Fact]
    public async Task Watch_OfAJobThatIsDoneAlready_GivesAllItsEvents()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = async (_, writer, _) =>
            {
                // As the service has it: each state event carries the job as it stands now.
                foreach (var (cursor, state) in ((long, Wire.JobState)[])[(1, Wire.JobState.Queued), (2, Wire.JobState.Running), (4, Wire.JobState.Succeeded)])
                {
                    var item = Done(cursor);
                    item.State = state;
                    await writer.WriteAsync(item);
                }
                await writer.WriteAsync(Message(5));
            },
        });

        Assert.Equal([1, 2, 4, 5], (await CollectAsync(service)).Select(happened => happened.Cursor));
    }

    [Fact]
    public async Task Watch_JobThatIsToBePromoted_GoesOnToTheOutcome()
    {
        var outcomeDue = Done(9);
        outcomeDue.Job.State = Wire.JobState.Succeeded;
        outcomeDue.Job.Spec = new Wire.FineTuneSpec { Promotion = Wire.PromotionRule.Always };
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = async (_, writer, _) =>
            {
                await writer.WriteAsync(outcomeDue);
                await writer.WriteAsync(Message(10));
            },
            GetJob = _ => new Wire.FineTuneJob { Name = Job, State = Wire.JobState.Succeeded, Done = true },
        });

        Assert.Equal([9, 10], (await CollectAsync(service)).Select(happened => happened.Cursor));
    }

    [Fact]
    public async Task Watch_RepeatedEvents_ArePassedOnOnce()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = async (_, writer, _) =>
            {
                foreach (var cursor in (long[])[4, 4, 3, 7])
                    await writer.WriteAsync(Message(cursor));
                await writer.WriteAsync(Done(9));
            },
        });

        var seen = await CollectAsync(service);

        Assert.Equal([4, 7, 9], seen.Select(happened => happened.Cursor));
    }

    [Fact]
    public async Task Watch_StreamEndsPolitelyWhileTheJobRuns_IsOpenedAgain()
    {
        var opened = 0;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = (request, writer, _) => writer.WriteAsync(++opened == 1 ? Message(1) : Done(request.Cursor + 1)),
            GetJob = name => new Wire.FineTuneJob { Name = name, State = Wire.JobState.Running },
        });

        var seen = await CollectAsync(service);

        Assert.Equal([1, 2], seen.Select(happened => happened.Cursor));
    }

    [Fact]
    public async Task Watch_CursorBehindTheLastEventOfADoneJob_EndsWithoutEvents()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = (_, _, _) => Task.CompletedTask,
            GetJob = name => new Wire.FineTuneJob { Name = name, State = Wire.JobState.Failed, Done = true },
        });

        Assert.Empty(await CollectAsync(service, afterCursor: 12));
    }

    [Fact]
    public async Task Watch_UnknownJob_FailsAtOnce()
    {
        var opened = 0;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = (_, _, _) =>
            {
                opened++;
                throw new RpcException(new Status(StatusCode.NotFound, "There is no job fineTuneJobs/j1."));
            },
        });

        var failure = await Assert.ThrowsAsync<BitException>(() => CollectAsync(service));

        Assert.Equal(StatusCode.NotFound, failure.Code);
        Assert.Equal(1, opened);
    }

    [Fact]
    public async Task Watch_ServiceStaysAway_GivesUpAfterTheAllowedReconnects()
    {
        var opened = 0;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = (_, _, _) =>
            {
                opened++;
                throw new RpcException(new Status(StatusCode.Unavailable, "Shutting down."));
            },
        });

        var failure = await Assert.ThrowsAsync<BitException>(() => CollectAsync(service));

        Assert.Equal(StatusCode.Unavailable, failure.Code);
        Assert.Equal(1 + Options.MaxReconnects, opened);
    }

    [Fact]
    public async Task Watch_CallerCancels_ThrowsOperationCanceled()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Watch = async (_, writer, context) =>
            {
                await writer.WriteAsync(Message(1));
                await Task.Delay(Timeout.Infinite, context.CancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            },
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var client = new BitClient(service.Address, Options);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.WatchFineTuneJobAsync(Job, cancellationToken: stop.Token))
                await stop.CancelAsync();
        });
    }

    private static async Task<List<FineTuneJobEvent>> CollectAsync(FakeService service, long afterCursor = 0)
    {
        using var client = new BitClient(service.Address, Options);
        return await client.WatchFineTuneJobAsync(Job, afterCursor, Cancel).ToListAsync(Cancel);
    }

    private static Wire.FineTuneJobEvent Message(long cursor) => new() { Cursor = cursor, Message = "line " + cursor };

    private static Wire.FineTuneJobEvent Done(long cursor) => new()
    {
        Cursor = cursor,
        State = Wire.JobState.Succeeded,
        Job = new Wire.FineTuneJob { Name = Job, State = Wire.JobState.Succeeded, Done = true },
    };
}
