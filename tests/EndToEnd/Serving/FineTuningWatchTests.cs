using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Rpc;
using JobState = BiT.Protocol.V1.JobState;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>What callers learn of a job while it waits and runs: events, heartbeats, and what it waits for.</summary>
public sealed class FineTuningWatchTests : IAsyncLifetime
{
    private readonly FineTuningServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Cancel_WaitingJob_EndsItAtOnceAndItsWatch()
    {
        var job = await _server.SubmitAsync(_server.Spec());
        using var watch = _server.Watch(job.Name);
        Assert.Equal(JobState.Queued, (await watch.ResponseStream.NextEventAsync())?.State);

        var cancelled = await _server.CancelAsync(job.Name);

        Assert.Equal(JobState.Cancelled, cancelled.State);
        Assert.True(cancelled.Done);
        var end = await watch.ResponseStream.NextEventAsync();
        Assert.Equal((JobState.Cancelled, true), (end?.State, end?.Job.Done));
        Assert.Null(await watch.ResponseStream.NextEventAsync());
        Assert.Equal(cancelled, await _server.CancelAsync(job.Name));
    }

    [Fact]
    public async Task Watch_JobOfAnotherProcess_ReplaysAndFollowsToTheEnd()
    {
        var job = await _server.SubmitAsync(_server.Spec());
        using var live = _server.Watch(job.Name);
        var lease = _server.Lease();
        _server.Workspace.Jobs.SetPlan(lease, "{\"steps\":10}");
        _server.Workspace.Jobs.AppendMessage(lease, "chose a small crop");
        _server.Workspace.Jobs.Heartbeat(lease,
            new JobProgress { Phase = "training", Step = 3, TotalSteps = 10, Loss = 0.25, Time = DateTimeOffset.UtcNow });
        _server.Workspace.Jobs.Fail(lease, new JobError("OUT_OF_MEMORY", "The batch did not fit."));

        var followed = await live.ReadToEndAsync();
        using var replay = _server.Watch(job.Name);
        var replayed = await replay.ReadToEndAsync();
        using var rest = _server.Watch(job.Name, followed[2].Cursor);
        using var nothing = _server.Watch(job.Name, followed[^1].Cursor);

        Assert.Equal(
            ["Queued", "Running", "{\"steps\":10}", "chose a small crop", "training 3/10", "Failed"], followed.Select(Describe));
        Assert.Equal(followed.Select(item => item.Cursor), replayed.Select(item => item.Cursor));
        Assert.Equal(followed[3..].Select(item => item.Cursor), (await rest.ReadToEndAsync()).Select(item => item.Cursor));
        Assert.Empty(await nothing.ReadToEndAsync());
        Assert.Equal("OUT_OF_MEMORY", followed[^1].Job.Error.GetDetail<ErrorInfo>().Reason);
        Assert.Equal((int)Code.ResourceExhausted, followed[^1].Job.Error.Code);
        Assert.Equal(0.25, followed[^1].Job.Progress.Loss);
    }

    [Fact]
    public async Task WaitingReason_TellsWhatTheJobWaitsFor()
    {
        var running = (await _server.SubmitAsync(_server.Spec())).Name;
        var next = (await _server.SubmitAsync(_server.Spec())).Name;
        var last = (await _server.SubmitAsync(_server.Spec())).Name;
        Assert.Contains("no trainer is alive, and this server starts none", (await _server.GetAsync(next)).WaitingReason, StringComparison.Ordinal);

        _server.Workspace.Jobs.SayAlive("test");
        Assert.Equal("1 job comes before it", (await _server.GetAsync(next)).WaitingReason);
        _server.Lease();
        var job = await _server.GetAsync(running);
        Assert.Equal("", job.WaitingReason);
        Assert.InRange(job.HeartbeatAge.ToTimeSpan(), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal($"next when a trainer is free; running: {running}", (await _server.GetAsync(next)).WaitingReason);
        Assert.Equal($"1 job comes before it; running: {running}", (await _server.GetAsync(last)).WaitingReason);
        _server.Workspace.Jobs.RequeueWorker("test");
        Assert.StartsWith("trainer lost in attempt 1", (await _server.GetAsync(running)).WaitingReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_WhileNothingHappens_SendsHeartbeatsWithTheJob()
    {
        var job = await _server.SubmitAsync(_server.Spec());
        _server.Lease();
        using var watch = _server.Watch(job.Name);
        FineTuneJobEvent item;
        do
        {
            Assert.True(await watch.ResponseStream.MoveNext(FineTuningServer.Options.CancellationToken));
            item = watch.ResponseStream.Current;
        }
        while (item.Cursor != 0);

        Assert.Equal((FineTuneJobEvent.EventOneofCase.None, JobState.Running), (item.EventCase, item.Job.State));
        Assert.True(item.HeartbeatAge.ToTimeSpan() >= TimeSpan.FromSeconds(4), $"The heartbeat is {item.HeartbeatAge} old.");
    }

    private static string Describe(FineTuneJobEvent item) => item.EventCase switch
    {
        FineTuneJobEvent.EventOneofCase.State => item.State.ToString(),
        FineTuneJobEvent.EventOneofCase.Progress => $"{item.Progress.Phase} {item.Progress.Step}/{item.Progress.TotalSteps}",
        FineTuneJobEvent.EventOneofCase.PlanJson => item.PlanJson,
        _ => item.Message,
    };
}
