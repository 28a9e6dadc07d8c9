using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Rpc;
using Grpc.Core;
using FineTuneOverrides = BiT.Protocol.V1.FineTuneOverrides;
using JobState = BiT.Protocol.V1.JobState;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Jobs as callers submit, list and steer them.</summary>
public sealed class FineTuningTests : IAsyncLifetime
{
    private readonly FineTuningServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Submit_ThenGet_GivesTheJobAsAsked()
    {
        var spec = _server.Spec();
        spec.Method = "full";
        spec.Recipe = "scratch";
        spec.Overrides = new FineTuneOverrides { Steps = 10, LearningRate = 0.5, Seed = 7, TimeBudget = new() { Seconds = 60 } };

        var job = await _server.SubmitAsync(spec);

        Assert.Equal(JobState.Queued, job.State);
        Assert.False(job.Done);
        Assert.NotEmpty(job.WaitingReason);
        Assert.Equal(spec, job.Spec);
        Assert.Equal(job, await _server.GetAsync(job.Name));
    }

    [Fact]
    public async Task Submit_TwiceWithOneRequestId_GivesOneJob()
    {
        var first = await _server.SubmitAsync(_server.Spec(), "once");
        var again = await _server.SubmitAsync(_server.Spec(), "once");
        var other = _server.Spec();
        other.Model = "models/other";

        Assert.Equal(first.Name, again.Name);
        await RpcAssert.FailsAsync(StatusCode.AlreadyExists, "REQUEST_ID_CONFLICT", () => _server.SubmitAsync(other, "once"));
    }

    [Fact]
    public async Task Submit_WithWrongValues_IsRefusedField_ByField()
    {
        var spec = _server.Spec();
        spec.Network = "R18";
        spec.Overrides = new FineTuneOverrides { BatchSize = 8, MicroBatchSize = 16 };

        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => _server.SubmitAsync(spec));

        Assert.Equal(["spec.network", "spec.overrides.micro_batch_size"],
            status.GetDetail<BadRequest>().FieldViolations.Select(violation => violation.Field));
        spec = _server.Spec();
        spec.Dataset = $"datasets/{new string('0', 64)}";
        await RpcAssert.FailsAsync(StatusCode.NotFound, "DATASET_NOT_FOUND", () => _server.SubmitAsync(spec));
        spec = _server.Spec();
        spec.Base = "models/nobody";
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND", () => _server.SubmitAsync(spec));
    }

    [Fact]
    public async Task Cancel_RunningJob_IsPassedOnToItsTrainer()
    {
        var job = await _server.SubmitAsync(_server.Spec());
        var lease = _server.Lease();

        var asked = await _server.CancelAsync(job.Name);

        Assert.Equal(JobState.Running, asked.State);
        Assert.True(asked.CancelRequested);
        Assert.Equal(StopRequest.Cancel, _server.Workspace.Jobs.Heartbeat(lease, null));
    }

    [Fact]
    public async Task List_InPages_GivesEveryJobOnceNewestFirst()
    {
        var submitted = new List<string>();
        for (var index = 0; index < 5; index++)
            submitted.Add((await _server.SubmitAsync(_server.Spec())).Name);
        var listed = new List<string>();
        var token = "";
        do
        {
            var page = await _server.FineTuning.ListFineTuneJobsAsync(new ListFineTuneJobsRequest { PageSize = 2, PageToken = token },
                FineTuningServer.Options);
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
                new SubmitFineTuneJobRequest { Spec = _server.Spec(), RequestId = requestId }, FineTuningServer.Options).ResponseAsync)));

            Assert.Single(jobs.Select(job => job.Name).Distinct());
        }
        Assert.Equal(5, (await _server.ListAsync("")).Count);
    }

    [Fact]
    public async Task Submit_SameRequestIdWithOtherContentAtOnce_LetsOneContentWin()
    {
        using var other = Grpc.Net.Client.GrpcChannel.ForAddress(_server.Address);
        FineTuningService.FineTuningServiceClient[] clients = [_server.FineTuning, new(other)];

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(index => Task.Run(async () =>
        {
            var spec = _server.Spec();
            spec.Model = $"models/colours-{index % 2}";
            try
            {
                var request = new SubmitFineTuneJobRequest { Spec = spec, RequestId = "contended" };
                return (await clients[index % 2].SubmitFineTuneJobAsync(request, FineTuningServer.Options)).Spec.Model;
            }
            catch (RpcException refused) when (refused.StatusCode == StatusCode.AlreadyExists)
            {
                return "";
            }
        })));

        Assert.Equal(8, outcomes.Count(model => model.Length == 0));
        Assert.Single(outcomes.Where(model => model.Length > 0).Distinct());
        Assert.Single(await _server.ListAsync(""));
    }

    [Fact]
    public async Task Submit_AgainAfterTheAliasOfItsBaseMoved_GivesTheFirstJob()
    {
        TinyModels.ImportFull(_server.Workspace, "base", "a", "b", "c");
        TinyModels.ImportFull(_server.Workspace, "base", "d", "e", "f");
        _server.Workspace.Models.SetAlias("base", "live", 1, OptionalExpected.Absent);
        var spec = _server.Spec();
        spec.Base = "models/base";
        var first = await _server.SubmitAsync(spec, "once");

        await _server.Models.SetAliasAsync(new SetAliasRequest { Model = "models/base", Alias = "live", Version = "models/base/versions/2" }, FineTuningServer.Options);
        var again = await _server.SubmitAsync(spec, "once");
        var anew = await _server.SubmitAsync(spec, "twice");

        Assert.Equal((first.Name, "models/base/versions/1"), (again.Name, again.Spec.Base));
        Assert.Equal("models/base/versions/2", anew.Spec.Base);
    }

    [Fact]
    public async Task ValidateOnly_WithoutADataSet_ChecksValuesAndBaseAndQueuesNothing()
    {
        var spec = _server.Spec();
        spec.Dataset = "";
        var request = new SubmitFineTuneJobRequest { Spec = spec, ValidateOnly = true };

        var checkedJob = await _server.FineTuning.SubmitFineTuneJobAsync(request, FineTuningServer.Options);
        Assert.Equal(("", null), (checkedJob.Name, checkedJob.Estimate));
        spec.Overrides.Steps = 0;
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => _server.FineTuning.SubmitFineTuneJobAsync(request, FineTuningServer.Options).ResponseAsync);
        spec.Overrides.Steps = 1;
        spec.Base = "models/nobody";
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND", () => _server.FineTuning.SubmitFineTuneJobAsync(request, FineTuningServer.Options).ResponseAsync);
        spec.Base = "";
        request.ValidateOnly = false;
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => _server.FineTuning.SubmitFineTuneJobAsync(request, FineTuningServer.Options).ResponseAsync);
        Assert.Empty(await _server.ListAsync(""));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(9)]
    public async Task Preview_WithABatchCountOutOfRange_IsRefused(int count)
    {
        using var call = _server.FineTuning.PreviewFineTuneJob(new PreviewFineTuneJobRequest { Spec = _server.Spec(), BatchCount = count }, FineTuningServer.Options);

        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => call.ResponseStream.MoveNext(FineTuningServer.Options.CancellationToken));
    }

    [Fact]
    public async Task List_WithAFilter_GivesThoseJobsInPagesOfItsOwn()
    {
        var jobs = new List<string>();
        for (var index = 0; index < 3; index++)
            jobs.Add((await _server.SubmitAsync(_server.Spec())).Name);
        await _server.CancelAsync(jobs[1]);
        const string waiting = "state = QUEUED AND model = \"models/colours\"";

        Assert.Equal([jobs[2], jobs[0]], await _server.ListAsync(waiting));
        Assert.Equal([jobs[1]], await _server.ListAsync("done = true"));
        var page = await _server.FineTuning.ListFineTuneJobsAsync(new ListFineTuneJobsRequest { PageSize = 1, Filter = waiting }, FineTuningServer.Options);
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_PAGE_TOKEN", () => _server.FineTuning.ListFineTuneJobsAsync(
            new ListFineTuneJobsRequest { PageSize = 1, PageToken = page.NextPageToken }, FineTuningServer.Options).ResponseAsync);
        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => _server.ListAsync("state = ASLEEP"));
        Assert.Contains("at character 9: 'ASLEEP'", Assert.Single(status.GetDetail<BadRequest>().FieldViolations).Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PauseResumeDelete_FollowTheStatesOfTheJob()
    {
        var name = (await _server.SubmitAsync(_server.Spec())).Name;
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "JOB_NOT_PAUSED", () => _server.ResumeAsync(name));

        var paused = await _server.PauseAsync(name);
        Assert.Equal(JobState.Paused, paused.State);
        Assert.Contains("ResumeFineTuneJob", paused.WaitingReason, StringComparison.Ordinal);
        Assert.Equal(paused, await _server.PauseAsync(name));
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "JOB_NOT_DONE", () => _server.DeleteAsync(name));
        Assert.Equal(JobState.Queued, (await _server.ResumeAsync(name)).State);
        var lease = _server.Lease();
        Assert.True((await _server.PauseAsync(name)).PauseRequested);
        Assert.Equal(StopRequest.Pause, _server.Workspace.Jobs.Heartbeat(lease, null));
        _server.Workspace.Jobs.Release(lease);
        await _server.CancelAsync(name);
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "JOB_DONE", () => _server.PauseAsync(name));
        await _server.DeleteAsync(name);

        await RpcAssert.FailsAsync(StatusCode.NotFound, "JOB_NOT_FOUND", () => _server.DeleteAsync(name));
        Assert.Empty(await _server.ListAsync(""));
    }

    [Fact]
    public async Task UnknownJob_IsNotFoundEverywhere()
    {
        var name = $"fineTuneJobs/{new string('0', 32)}";

        await RpcAssert.FailsAsync(StatusCode.NotFound, "JOB_NOT_FOUND",
            () => _server.GetAsync(name));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "JOB_NOT_FOUND",
            () => _server.CancelAsync(name));
        using var watch = _server.Watch(name);
        await RpcAssert.FailsAsync(StatusCode.NotFound, "JOB_NOT_FOUND", () => watch.ReadToEndAsync());
    }
}
