using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Pages;
using BiT.Serving.Startup;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace BiT.Serving.Rpc;

/// <summary>bit.v1.DatasetService.</summary>
internal sealed class DatasetRpc(
    Workspace workspace, PhotoCheck photos, UploadSlots slots, LimitOptions limits, DatasetPage pages, TimeProvider time,
    IHostApplicationLifetime lifetime) : DatasetService.DatasetServiceBase
{
    public override async Task<UploadDatasetResponse> UploadDataset(
        IAsyncStreamReader<UploadDatasetRequest> requestStream, ServerCallContext context)
    {
        using var slot = slots.Take();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            using var upload = new DatasetUpload(workspace, photos, limits);
            var reader = new TimedReader<UploadDatasetRequest>(requestStream, limits, time);
            while (await reader.MoveNextAsync(stop.Token))
                await upload.AddAsync(reader.Current, stop.Token);
            return await upload.FinishAsync(stop.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new ServerStoppingException();
        }
    }

    public override Task<Dataset> GetDataset(GetDatasetRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var datasetId = violations.Dataset(request.Name, "name");
        violations.ThrowIfAny();
        var dataset = workspace.Datasets.Find(datasetId) ?? throw ResourceNotFoundException.Dataset(request.Name);
        return Task.FromResult(DatasetMessages.Of(dataset));
    }

    public override Task<ListDatasetsResponse> ListDatasets(ListDatasetsRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        violations.RequirePageSize(request.PageSize);
        violations.ThrowIfAny();
        var page = workspace.Datasets.List(request.PageSize, request.PageToken);
        var response = new ListDatasetsResponse { NextPageToken = page.NextPageToken ?? "" };
        response.Datasets.AddRange(page.Items.Select(DatasetMessages.Of));
        return Task.FromResult(response);
    }

    public override Task<ListDatasetProblemsResponse> ListDatasetProblems(ListDatasetProblemsRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var datasetId = violations.Dataset(request.Parent, "parent");
        violations.RequirePageSize(request.PageSize);
        violations.ThrowIfAny();
        var page = workspace.Datasets.ListProblems(datasetId, request.PageSize, request.PageToken)
            ?? throw ResourceNotFoundException.Dataset(request.Parent);
        var response = new ListDatasetProblemsResponse { NextPageToken = page.NextPageToken ?? "" };
        response.Problems.AddRange(page.Items.Select(DatasetMessages.Of));
        return Task.FromResult(response);
    }

    public override Task<Empty> DeleteDataset(DeleteDatasetRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var datasetId = violations.Dataset(request.Name, "name");
        violations.ThrowIfAny();
        return workspace.Datasets.Delete(datasetId)
            ? Task.FromResult(new Empty())
            : throw ResourceNotFoundException.Dataset(request.Name);
    }

    public override async Task GetDatasetPage(
        GetDatasetPageRequest request, IServerStreamWriter<PageChunk> responseStream, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var datasetId = violations.Dataset(request.Name, "name");
        violations.ThrowIfAny();
        var dataset = workspace.Datasets.Find(datasetId) ?? throw ResourceNotFoundException.Dataset(request.Name);
        await foreach (var part in pages.RenderAsync(dataset, context.CancellationToken))
            await responseStream.WriteAsync(new PageChunk { Data = UnsafeByteOperations.UnsafeWrap(part) }, context.CancellationToken);
    }
}
