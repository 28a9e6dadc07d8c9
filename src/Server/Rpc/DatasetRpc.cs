using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Startup;
using Grpc.Core;

namespace BiT.Serving.Rpc;

/// <summary>bit.v1.DatasetService.</summary>
internal sealed class DatasetRpc(
    Workspace workspace, PhotoCheck photos, UploadSlots slots, LimitOptions limits, TimeProvider time, IHostApplicationLifetime lifetime)
    : DatasetService.DatasetServiceBase
{
    public override async Task<UploadDatasetResponse> UploadDataset(
        IAsyncStreamReader<UploadDatasetRequest> requestStream, ServerCallContext context)
    {
        using var slot = slots.Take();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            var upload = new DatasetUpload(workspace, photos, limits);
            while (await MoveNextAsync(requestStream, stop.Token))
                await upload.AddAsync(requestStream.Current, stop.Token);
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

    // Kestrel watches the data rate of unary calls only.
    private async Task<bool> MoveNextAsync(IAsyncStreamReader<UploadDatasetRequest> stream, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.MoveNext(cancellationToken).WaitAsync(limits.UploadIdleTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new UploadIdleException(limits.UploadIdleTimeout);
        }
    }
}
