using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Rpc;
using Grpc.Core;
using FineTuneOverrides = BiT.Protocol.V1.FineTuneOverrides;
using FineTuneSpec = BiT.Protocol.V1.FineTuneSpec;
using JobState = BiT.Protocol.V1.JobState;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Jobs on a server of their own: the tests play the trainer, and lease the oldest job.</summary>
public sealed class FineTuningTests : IAsyncLifetime
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(10);
    private static readonly CallOptions Options = new(cancellationToken: TestContext.Current.CancellationToken);

    private readonly ServerFixture _server = new();
    private string _dataset = "";

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _dataset = (await _server.Datasets.UploadAsync("colours", Uploads.TwoColours(0))).Dataset.Name;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Submit_ThenGet_GivesTheJobAsAsked()
    {
        var spec = Spec();
        spec.Method = "full";
        spec.Recipe = "scratch";
        spec.Overrides = new FineTuneOverrides { Steps = 10, LearningRate = 0.5, Seed = 7, TimeBudget = new() { Seconds = 60 } };

        var job = await SubmitAsync(spec);

        Assert.Equal(JobState.Queued, job.State);
        Assert.False(job.Done);
        Assert.NotEmpty(job.WaitingReason);
        Assert.Equal(spec, job.Spec);
        Assert.Equal(job, await _server.FineTuning.GetFineTuneJobAsync(new GetFineTuneJobRequest { Name = job.Name }, Options));
    }

    [Fact]
    public async Task Submit_TwiceWithOneRequestId_GivesOneJob()
    {
        var first = await SubmitAsync(Spec(), "once");
        var again = await SubmitAsync(Spec(), "once");
        var other = Spec();
        other.Model = "models/other";

        Assert.Equal(first.Name, again.Name);
        await RpcAssert.FailsAsync(StatusCode.AlreadyExists, "REQUEST_ID_CONFLICT", () => SubmitAsync(other, "once"));
    }

    [Fact]
    public async Task Submit_WithWrongValues_IsRefusedField_ByField()
    {
        var spec = Spec();
        spec.Network = "R18";
        spec.Overrides = new FineTuneOverrides { BatchSize = 8, MicroBatchSize = 16 };

        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => SubmitAsync(spec));

        Assert.Equal(["spec.network", "spec.overrides.micro_batch_size"],
            status.GetDetail<BadRequest>().FieldViolations.Select(violation => violation.Field));
        spec = Spec();
        spec.Dataset = $"datasets/{new string('0', 64)}";
        await RpcAssert.FailsAsync(StatusCode.NotFound, "DATASET_NOT_FOUND", () => SubmitAsync(spec));
        spec = Spec();
        spec.Base = "models/nobody";
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND", () => SubmitAsync(spec));
    }

    [Fact]
    public async Task Cancel_WaitingJob_EndsItAtOnceAndItsWatch()
    {
        var job = await SubmitAsync(Spec());
        using var watch = _server.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job.Name }, Options);
        Assert.True(await watch.ResponseStream.MoveNext(Options.CancellationToken));
        Assert.Equal(JobState.Queued, watch.ResponseStream.Current.State);

        var cancelled = await _server.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = job.Name }, Options);

        Assert.Equal(JobState.Cancelled, cancelled.State);
        Assert.True(cancelled.Done);
        Assert.True(await watch.ResponseStream.MoveNext(Options.CancellationToken));
        Assert.Equal(JobState.Cancelled, watch.ResponseStream.Current.State);
        Assert.True(watch.ResponseStream.Current.Job.Done);
        Assert.False(await watch.ResponseStream.MoveNext(Options.CancellationToken));
        Assert.Equal(cancelled, await _server.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = job.Name }, Options));
    }

    [Fact]
    public async Task Cancel_RunningJob_IsPassedOnToItsTrainer()
    {
        var job = await SubmitAsync(Spec());
        var lease = Lease();

        var asked = await _server.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = job.Name }, Options);

        Assert.Equal(JobState.Running, asked.State);
        Assert.True(asked.CancelRequested);
        Assert.True(_server.Workspace.Jobs.Heartbeat(lease, null));
    }

    [Fact]
    public async Task Watch_JobOfAnotherProcess_ReplaysAndFollowsToTheEnd()
    {
        var job = await SubmitAsync(Spec());
        using var live = _server.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job.Name }, Options);
        var lease = Lease();
        _server.Workspace.Jobs.SetPlan(lease, "{\"steps\":10}");
        _server.Workspace.Jobs.AppendMessage(lease, "chose a small crop");
        _server.Workspace.Jobs.Heartbeat(lease,
            new JobProgress { Phase = "training", Step = 3, TotalSteps = 10, Loss = 0.25, Time = DateTimeOffset.UtcNow });
        _server.Workspace.Jobs.Fail(lease, new JobError("OUT_OF_MEMORY", "The batch did not fit."));

        var followed = await ReadAsync(live);
        using var replay = _server.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job.Name }, Options);
        var replayed = await ReadAsync(replay);
        using var rest = _server.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job.Name, Cursor = followed[2].Cursor },
            Options);
        using var nothing = _server.FineTuning.WatchFineTuneJob(
            new WatchFineTuneJobRequest { Name = job.Name, Cursor = followed[^1].Cursor }, Options);

        Assert.Equal(
            ["Queued", "Running", "{\"steps\":10}", "chose a small crop", "training 3/10", "Failed"], followed.Select(Describe));
        Assert.Equal(followed.Select(item => item.Cursor), replayed.Select(item => item.Cursor));
        Assert.Equal(followed[3..].Select(item => item.Cursor), (await ReadAsync(rest)).Select(item => item.Cursor));
        Assert.Empty(await ReadAsync(nothing));
        Assert.Equal("OUT_OF_MEMORY", followed[^1].Job.Error.GetDetail<ErrorInfo>().Reason);
        Assert.Equal(0.25, followed[^1].Job.Progress.Loss);
    }

    [Fact]
    public async Task List_InPages_GivesEveryJobOnceNewestFirst()
    {
        var submitted = new List<string>();
        for (var index = 0; index < 5; index++)
            submitted.Add((await SubmitAsync(Spec())).Name);
        var listed = new List<string>();
        var token = "";
        do
        {
            var page = await _server.FineTuning.ListFineTuneJobsAsync(new ListFineTuneJobsRequest { PageSize = 2, PageToken = token },
                Options);
            listed.AddRange(page.Jobs.Select(job => job.Name));
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        submitted.Reverse();
        Assert.Equal(submitted, listed);
    }

    [Fact]
    public async Task UnknownJob_IsNotFoundEverywhere()
    {
        var name = $"fineTuneJobs/{new string('0', 32)}";

        await RpcAssert.FailsAsync(StatusCode.NotFound, "JOB_NOT_FOUND",
            () => _server.FineTuning.GetFineTuneJobAsync(new GetFineTuneJobRequest { Name = name }, Options).ResponseAsync);
        await RpcAssert.FailsAsync(StatusCode.NotFound, "JOB_NOT_FOUND",
            () => _server.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = name }, Options).ResponseAsync);
        using var watch = _server.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = name }, Options);
        await RpcAssert.FailsAsync(StatusCode.NotFound, "JOB_NOT_FOUND", () => ReadAsync(watch));
    }

    private FineTuneSpec Spec() =>
        new() { Dataset = _dataset, Model = "models/colours", Method = "auto", Recipe = "auto", Overrides = new FineTuneOverrides() };

    private Task<FineTuneJob> SubmitAsync(FineTuneSpec spec, string requestId = "") =>
        _server.FineTuning.SubmitFineTuneJobAsync(new SubmitFineTuneJobRequest { Spec = spec, RequestId = requestId },
            Options).ResponseAsync;

    private JobLease Lease() =>
        _server.Workspace.Jobs.TryLease("test", LeaseDuration) ?? throw new InvalidOperationException("No job waits.");

    private static async Task<List<FineTuneJobEvent>> ReadAsync(AsyncServerStreamingCall<FineTuneJobEvent> call)
    {
        var events = new List<FineTuneJobEvent>();
        await foreach (var item in call.ResponseStream.ReadAllAsync(Options.CancellationToken))
            events.Add(item);
        return events;
    }

    private static string Describe(FineTuneJobEvent item) => item.EventCase switch
    {
        FineTuneJobEvent.EventOneofCase.State => item.State.ToString(),
        FineTuneJobEvent.EventOneofCase.Progress => $"{item.Progress.Phase} {item.Progress.Step}/{item.Progress.TotalSteps}",
        FineTuneJobEvent.EventOneofCase.PlanJson => item.PlanJson,
        _ => item.Message,
    };
}
