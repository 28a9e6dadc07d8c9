using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Jobs;
using Google.Protobuf.WellKnownTypes;
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
        var requested = FineTuneSpecReader.Parse(request.Spec, violations);
        // Before anything is looked up: what a repeated request names may be gone meanwhile, its job is not.
        if (request.RequestId.Length > 0 && workspace.Jobs.FindRequest(request.RequestId, requested.Content) is { } earlier)
            return Task.FromResult(messages.Of(earlier));
        return Task.FromResult(Changed(workspace.Jobs.Submit(specs.Resolve(requested), request.RequestId, requested.Content)));
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

    public override Task<Empty> DeleteFineTuneJob(DeleteFineTuneJobRequest request, ServerCallContext context)
    {
        workspace.DeleteJob(Find(request.Name).Id);
        signals.Raise();
        return Task.FromResult(new Empty());
    }

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
