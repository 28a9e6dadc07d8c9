using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Jobs;
using BiT.Serving.Pages;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using FineTuneSpec = BiT.Core.Store.FineTuneSpec;

namespace BiT.Serving.Rpc;

/// <summary>bit.v1.FineTuningService.</summary>
internal sealed class FineTuningRpc(
    Workspace workspace, FineTuneSpecReader specs, JobMessages messages, JobWatch watch, JobSignals signals, TrainerTasks tasks,
    IHostApplicationLifetime lifetime)
    : FineTuningService.FineTuningServiceBase
{
    private const int MaxRequestIdLength = 100;
    private const int DefaultPreviewBatches = 2;
    private const int MaxPreviewBatches = 8;
    private const int ChunkBytes = 256 << 10;

    public override async Task<FineTuneJob> SubmitFineTuneJob(SubmitFineTuneJobRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        violations.RequireLength(request.RequestId, "request_id", 0, MaxRequestIdLength);
        var requested = FineTuneSpecReader.Parse(request.Spec, violations, isDatasetOptional: request.ValidateOnly);
        if (request.ValidateOnly)
            return await ValidateAsync(specs.Resolve(requested), context.CancellationToken);
        // Before anything is looked up: what a repeated request names may be gone meanwhile, its job is not.
        if (request.RequestId.Length > 0 && workspace.Jobs.FindRequest(request.RequestId, requested.Content) is { } earlier)
            return messages.Of(earlier);
        return Changed(workspace.Jobs.Submit(specs.Resolve(requested), request.RequestId, requested.Content));
    }

    public override Task<FineTuneJob> GetFineTuneJob(GetFineTuneJobRequest request, ServerCallContext context) =>
        Task.FromResult(messages.Of(Find(request.Name)));

    public override Task<ListFineTuneJobsResponse> ListFineTuneJobs(ListFineTuneJobsRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        violations.RequirePageSize(request.PageSize);
        violations.ThrowIfAny();
        var page = workspace.Jobs.List(request.PageSize, request.PageToken, JobFilterReader.Read(request.Filter));
        var response = new ListFineTuneJobsResponse { NextPageToken = page.NextPageToken ?? "" };
        response.Jobs.AddRange(page.Items.Select(messages.Of));
        return Task.FromResult(response);
    }

    public override async Task WatchFineTuneJob(
        WatchFineTuneJobRequest request, IServerStreamWriter<FineTuneJobEvent> responseStream, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var jobId = violations.Job(request.Name, "name");
        violations.Require(request.Cursor >= 0, "cursor",
            $"is {request.Cursor}; expected 0 (from the beginning) or the cursor of an event.");
        violations.ThrowIfAny();
        Find(request.Name);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await foreach (var item in watch.EventsAsync(jobId, request.Cursor, stop.Token))
                await responseStream.WriteAsync(messages.Of(item.Event, item.Job), stop.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new ServerStoppingException();
        }
    }

    public override Task<FineTuneJob> CancelFineTuneJob(CancelFineTuneJobRequest request, ServerCallContext context) =>
        Task.FromResult(Changed(workspace.Jobs.RequestCancel(Find(request.Name).Id)));

    public override Task<FineTuneJob> PauseFineTuneJob(PauseFineTuneJobRequest request, ServerCallContext context) =>
        Task.FromResult(Changed(workspace.Jobs.RequestPause(Find(request.Name).Id)));

    public override Task<FineTuneJob> ResumeFineTuneJob(ResumeFineTuneJobRequest request, ServerCallContext context) =>
        Task.FromResult(Changed(workspace.Jobs.RequestResume(Find(request.Name).Id)));

    public override Task<FineTuneJob> RerunFineTuneJob(RerunFineTuneJobRequest request, ServerCallContext context) =>
        Task.FromResult(Changed(workspace.Jobs.Rerun(Find(request.Name).Id)));

    public override Task<Empty> DeleteFineTuneJob(DeleteFineTuneJobRequest request, ServerCallContext context)
    {
        workspace.DeleteJob(Find(request.Name).Id);
        signals.Raise();
        return Task.FromResult(new Empty());
    }

    public override async Task PreviewFineTuneJob(
        PreviewFineTuneJobRequest request, IServerStreamWriter<PageChunk> responseStream, ServerCallContext context)
    {
        var violations = new FieldViolations();
        violations.Require(request.BatchCount is >= 0 and <= MaxPreviewBatches, "batch_count",
            $"is {request.BatchCount}; expected 0 (which means {DefaultPreviewBatches}) to {MaxPreviewBatches}.");
        var spec = specs.Resolve(FineTuneSpecReader.Parse(request.Spec, violations));
        var batches = request.BatchCount == 0 ? DefaultPreviewBatches : request.BatchCount;
        var result = await tasks.RunAsync(TaskKind.Preview, new PreviewRequest(spec, batches), context.CancellationToken);
        var page = PreviewPage.Of(spec, StoreJson.ReadTask<PreviewResult>(result));
        for (var start = 0; start < page.Length; start += ChunkBytes)
        {
            var chunk = page.AsMemory(start, Math.Min(ChunkBytes, page.Length - start));
            await responseStream.WriteAsync(new PageChunk { Data = UnsafeByteOperations.UnsafeWrap(chunk) }, context.CancellationToken);
        }
    }

    // Without a data set there is nothing to measure: the values have been checked.
    private async Task<FineTuneJob> ValidateAsync(FineTuneSpec spec, CancellationToken cancellationToken) => spec.DatasetId.Length == 0
        ? messages.Of(spec, null)
        : messages.Of(spec, StoreJson.ReadTask<EstimateResult>(
            await tasks.RunAsync(TaskKind.Estimate, new EstimateRequest(spec), cancellationToken)));

    private FineTuneJob Changed(JobRecord job)
    {
        signals.Raise();
        return messages.Of(job);
    }

    private JobRecord Find(string name)
    {
        var violations = new FieldViolations();
        var jobId = violations.Job(name, "name");
        violations.ThrowIfAny();
        return workspace.Jobs.Find(jobId) ?? throw ResourceNotFoundException.Job(name);
    }
}
