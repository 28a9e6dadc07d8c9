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
        Assert.Equal(JobState.Queued, (await watch.ResponseStream.NextEventAsync())?.State);

        var cancelled = await _server.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = job.Name }, Options);

        Assert.Equal(JobState.Cancelled, cancelled.State);
        Assert.True(cancelled.Done);
        var end = await watch.ResponseStream.NextEventAsync();
        Assert.Equal((JobState.Cancelled, true), (end?.State, end?.Job.Done));
        Assert.Null(await watch.ResponseStream.NextEventAsync());
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
        Assert.Equal(StopRequest.Cancel, _server.Workspace.Jobs.Heartbeat(lease, null));
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
        Assert.Equal((int)Code.ResourceExhausted, followed[^1].Job.Error.Code);
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
    public async Task Submit_SameRequestIdFromTwoClientsAtOnce_MakesOneJob()
    {
        using var other = Grpc.Net.Client.GrpcChannel.ForAddress(_server.Address);
        FineTuningService.FineTuningServiceClient[] clients = [_server.FineTuning, new(other)];
        for (var round = 0; round < 5; round++)
        {
            var requestId = $"round-{round}";
            var jobs = await Task.WhenAll(Enumerable.Range(0, 16).Select(index => Task.Run(() => clients[index % 2].SubmitFineTuneJobAsync(
                new SubmitFineTuneJobRequest { Spec = Spec(), RequestId = requestId }, Options).ResponseAsync)));

            Assert.Single(jobs.Select(job => job.Name).Distinct());
        }
        Assert.Equal(5, (await ListAsync("")).Count);
    }

    [Fact]
    public async Task Submit_SameRequestIdWithOtherContentAtOnce_LetsOneContentWin()
    {
        using var other = Grpc.Net.Client.GrpcChannel.ForAddress(_server.Address);
        FineTuningService.FineTuningServiceClient[] clients = [_server.FineTuning, new(other)];

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(index => Task.Run(async () =>
        {
            var spec = Spec();
            spec.Model = $"models/colours-{index % 2}";
            try
            {
                var request = new SubmitFineTuneJobRequest { Spec = spec, RequestId = "contended" };
                return (await clients[index % 2].SubmitFineTuneJobAsync(request, Options)).Spec.Model;
            }
            catch (RpcException refused) when (refused.StatusCode == StatusCode.AlreadyExists)
            {
                return "";
            }
        })));

        Assert.Equal(8, outcomes.Count(model => model.Length == 0));
        Assert.Single(outcomes.Where(model => model.Length > 0).Distinct());
        Assert.Single(await ListAsync(""));
    }

    [Fact]
    public async Task Submit_AgainAfterTheAliasOfItsBaseMoved_GivesTheFirstJob()
    {
        TinyModels.ImportFull(_server.Workspace, "base", "a", "b", "c");
        TinyModels.ImportFull(_server.Workspace, "base", "d", "e", "f");
        _server.Workspace.Models.SetAlias("base", "live", 1, OptionalExpected.Absent);
        var spec = Spec();
        spec.Base = "models/base";
        var first = await SubmitAsync(spec, "once");

        await _server.Models.SetAliasAsync(new SetAliasRequest { Model = "models/base", Alias = "live", Version = "models/base/versions/2" }, Options);
        var again = await SubmitAsync(spec, "once");
        var anew = await SubmitAsync(spec, "twice");

        Assert.Equal((first.Name, "models/base/versions/1"), (again.Name, again.Spec.Base));
        Assert.Equal("models/base/versions/2", anew.Spec.Base);
    }

    [Fact]
    public async Task ValidateOnly_WithoutADataSet_ChecksValuesAndBaseAndQueuesNothing()
    {
        var spec = Spec();
        spec.Dataset = "";
        var request = new SubmitFineTuneJobRequest { Spec = spec, ValidateOnly = true };

        var checkedJob = await _server.FineTuning.SubmitFineTuneJobAsync(request, Options);
        Assert.Equal(("", null), (checkedJob.Name, checkedJob.Estimate));
        spec.Overrides.Steps = 0;
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => _server.FineTuning.SubmitFineTuneJobAsync(request, Options).ResponseAsync);
        spec.Overrides.Steps = 1;
        spec.Base = "models/nobody";
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND", () => _server.FineTuning.SubmitFineTuneJobAsync(request, Options).ResponseAsync);
        spec.Base = "";
        request.ValidateOnly = false;
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => _server.FineTuning.SubmitFineTuneJobAsync(request, Options).ResponseAsync);
        Assert.Empty(await ListAsync(""));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(9)]
    public async Task Preview_WithABatchCountOutOfRange_IsRefused(int count)
    {
        using var call = _server.FineTuning.PreviewFineTuneJob(new PreviewFineTuneJobRequest { Spec = Spec(), BatchCount = count }, Options);

        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => call.ResponseStream.MoveNext(Options.CancellationToken));
    }

    [Fact]
    public async Task List_WithAFilter_GivesThoseJobsInPagesOfItsOwn()
    {
        var jobs = new List<string>();
        for (var index = 0; index < 3; index++)
            jobs.Add((await SubmitAsync(Spec())).Name);
        await _server.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = jobs[1] }, Options);
        const string waiting = "state = QUEUED AND model = \"models/colours\"";

        Assert.Equal([jobs[2], jobs[0]], await ListAsync(waiting));
        Assert.Equal([jobs[1]], await ListAsync("done = true"));
        var page = await _server.FineTuning.ListFineTuneJobsAsync(new ListFineTuneJobsRequest { PageSize = 1, Filter = waiting }, Options);
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_PAGE_TOKEN", () => _server.FineTuning.ListFineTuneJobsAsync(
            new ListFineTuneJobsRequest { PageSize = 1, PageToken = page.NextPageToken }, Options).ResponseAsync);
        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => ListAsync("state = ASLEEP"));
        Assert.Contains("at character 9: 'ASLEEP'", Assert.Single(status.GetDetail<BadRequest>().FieldViolations).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PauseResumeDelete_FollowTheStatesOfTheJob()
    {
        var name = (await SubmitAsync(Spec())).Name;
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "JOB_NOT_PAUSED", () => ResumeAsync(name));

        var paused = await PauseAsync(name);
        Assert.Equal(JobState.Paused, paused.State);
        Assert.Contains("ResumeFineTuneJob", paused.WaitingReason, StringComparison.Ordinal);
        Assert.Equal(paused, await PauseAsync(name));
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "JOB_NOT_DONE", () => DeleteAsync(name));
        Assert.Equal(JobState.Queued, (await ResumeAsync(name)).State);
        var lease = Lease();
        Assert.True((await PauseAsync(name)).PauseRequested);
        Assert.Equal(StopRequest.Pause, _server.Workspace.Jobs.Heartbeat(lease, null));
        _server.Workspace.Jobs.Release(lease);
        await _server.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = name }, Options);
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "JOB_DONE", () => PauseAsync(name));
        await DeleteAsync(name);

        await RpcAssert.FailsAsync(StatusCode.NotFound, "JOB_NOT_FOUND", () => DeleteAsync(name));
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task WaitingReason_TellsWhatTheJobWaitsFor()
    {
        var running = (await SubmitAsync(Spec())).Name;
        var next = (await SubmitAsync(Spec())).Name;
        var last = (await SubmitAsync(Spec())).Name;
        Assert.Contains("no trainer is alive, and this server starts none", (await GetAsync(next)).WaitingReason, StringComparison.Ordinal);

        _server.Workspace.Jobs.SayAlive("test");
        Assert.Equal("1 job comes before it", (await GetAsync(next)).WaitingReason);
        Lease();
        var job = await GetAsync(running);
        Assert.Equal("", job.WaitingReason);
        Assert.InRange(job.HeartbeatAge.ToTimeSpan(), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal($"next when a trainer is free; running: {running}", (await GetAsync(next)).WaitingReason);
        Assert.Equal($"1 job comes before it; running: {running}", (await GetAsync(last)).WaitingReason);
        _server.Workspace.Jobs.RequeueWorker("test");
        Assert.StartsWith("trainer lost in attempt 1", (await GetAsync(running)).WaitingReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_WhileNothingHappens_SendsHeartbeatsWithTheJob()
    {
        var job = await SubmitAsync(Spec());
        Lease();
        using var watch = _server.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job.Name }, Options);
        FineTuneJobEvent item;
        do
        {
            Assert.True(await watch.ResponseStream.MoveNext(Options.CancellationToken));
            item = watch.ResponseStream.Current;
        }
        while (item.Cursor != 0);

        Assert.Equal((FineTuneJobEvent.EventOneofCase.None, JobState.Running), (item.EventCase, item.Job.State));
        Assert.True(item.HeartbeatAge.ToTimeSpan() >= TimeSpan.FromSeconds(4), $"The heartbeat is {item.HeartbeatAge} old.");
    }

    [Fact]
    public async Task Promotion_OfAJobThatSucceeds_IsDoneByTheServerBeforeItsWatchEnds()
    {
        var spec = Spec();
        spec.Promotion = Protocol.V1.PromotionRule.Always;
        spec.PromotionAlias = "canary";
        var job = await SubmitAsync(spec);
        Assert.Equal(spec, job.Spec);
        using var watch = _server.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job.Name }, Options);
        _server.Workspace.Jobs.Publish(Lease(), TinyModels.FullManifest(_server.Workspace, "red", "green", "blue"));

        var events = await ReadAsync(watch);

        var done = await GetAsync(job.Name);
        Assert.True(done.PromotionOutcome.Promoted, done.PromotionOutcome.Reason);
        Assert.Equal(done.PromotionOutcome.Reason, events[^1].Message);
        var model = await _server.Models.GetModelAsync(new GetModelRequest { Name = "models/colours" }, Options);
        Assert.Equal(done.ModelVersion, $"models/colours/versions/{_server.Workspace.Models.Resolve("colours", "canary")?.Id.Number}");
        Assert.Equal("models/colours", model.Name);
    }

    [Fact]
    public async Task Promotion_OfAVersionThatDoesNotLoad_LeavesTheAliasAndSaysWhy()
    {
        TinyModels.ImportFull(_server.Workspace, "colours", "red", "green", "blue");
        _server.Workspace.Models.SetAlias("colours", "live", 1, OptionalExpected.Absent);
        var spec = Spec();
        spec.Promotion = Protocol.V1.PromotionRule.Always;
        var job = await SubmitAsync(spec);
        // Three outputs and two labels.
        _server.Workspace.Jobs.Publish(Lease(), TinyModels.FullManifest(_server.Workspace, "red", "green", "blue") with { Labels = ["red", "green"] });
        using var watch = _server.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job.Name }, Options);
        await ReadAsync(watch);

        var outcome = (await GetAsync(job.Name)).PromotionOutcome;

        Assert.False(outcome.Promoted);
        Assert.Contains("3 outputs and 2 labels", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal("models/colours/versions/1", outcome.PreviousVersion);
        Assert.Equal(1, _server.Workspace.Models.Resolve("colours", "live")?.Id.Number);
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

    private Task<FineTuneJob> GetAsync(string name) =>
        _server.FineTuning.GetFineTuneJobAsync(new GetFineTuneJobRequest { Name = name }, Options).ResponseAsync;

    private Task<FineTuneJob> PauseAsync(string name) =>
        _server.FineTuning.PauseFineTuneJobAsync(new PauseFineTuneJobRequest { Name = name }, Options).ResponseAsync;

    private Task<FineTuneJob> ResumeAsync(string name) =>
        _server.FineTuning.ResumeFineTuneJobAsync(new ResumeFineTuneJobRequest { Name = name }, Options).ResponseAsync;

    private Task DeleteAsync(string name) =>
        _server.FineTuning.DeleteFineTuneJobAsync(new DeleteFineTuneJobRequest { Name = name }, Options).ResponseAsync;

    private async Task<List<string>> ListAsync(string filter)
    {
        var page = await _server.FineTuning.ListFineTuneJobsAsync(new ListFineTuneJobsRequest { Filter = filter }, Options);
        return page.Jobs.Select(job => job.Name).ToList();
    }

    private JobLease Lease() =>
        _server.Workspace.Jobs.TryLease("test", LeaseDuration) ?? throw new InvalidOperationException("No job waits.");

    private static async Task<List<FineTuneJobEvent>> ReadAsync(AsyncServerStreamingCall<FineTuneJobEvent> call)
    {
        var events = new List<FineTuneJobEvent>();
        while (await call.ResponseStream.NextEventAsync() is { } item)
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
