using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Jobs;
using Grpc.Core;

namespace BiT.Serving.Rpc;

/// <summary>bit.v1.FineTuningService.</summary>
internal sealed class FineTuningRpc(
    Workspace workspace, FineTuneSpecReader specs, JobMessages messages, JobWatch watch, JobSignals signals,
    IHostApplicationLifetime lifetime)
    : FineTuningService.FineTuningServiceBase
{
    private const int MaxRequestIdLength = 100;

    public override Task<FineTuneJob> SubmitFineTuneJob(SubmitFineTuneJobRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        violations.RequireLength(request.RequestId, "request_id", 0, MaxRequestIdLength);
        var spec = specs.Read(request.Spec, violations);
        var job = workspace.Jobs.Submit(spec, request.RequestId.Length == 0 ? null : request.RequestId);
        signals.Raise();
        return Task.FromResult(messages.Of(job));
    }

    public override Task<FineTuneJob> GetFineTuneJob(GetFineTuneJobRequest request, ServerCallContext context) =>
        Task.FromResult(messages.Of(Find(request.Name)));

    public override Task<ListFineTuneJobsResponse> ListFineTuneJobs(ListFineTuneJobsRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        violations.RequirePageSize(request.PageSize);
        violations.ThrowIfAny();
        var page = workspace.Jobs.List(request.PageSize, request.PageToken);
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
                await responseStream.WriteAsync(messages.Of(item, item.Kind == JobEventKind.State ? Find(request.Name) : null), stop.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new ServerStoppingException();
        }
    }

    public override Task<FineTuneJob> CancelFineTuneJob(CancelFineTuneJobRequest request, ServerCallContext context)
    {
        var job = workspace.Jobs.RequestCancel(Find(request.Name).Id);
        signals.Raise();
        return Task.FromResult(messages.Of(job));
    }

    private JobRecord Find(string name)
    {
        var violations = new FieldViolations();
        var jobId = violations.Job(name, "name");
        violations.ThrowIfAny();
        return workspace.Jobs.Find(jobId) ?? throw ResourceNotFoundException.Job(name);
    }
}
