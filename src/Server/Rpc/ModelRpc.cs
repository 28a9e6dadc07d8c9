using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Hosting;
using BiT.Serving.Jobs;
using BiT.Serving.Pages;
using BiT.Serving.ModelFiles;
using Grpc.Core;

namespace BiT.Serving.Rpc;

/// <summary>bit.v1.ModelService. This part: reading; changes and files are in the other parts.</summary>
internal sealed partial class ModelRpc(
    Workspace workspace, ModelCatalog catalog, ModelFileFinder files, ModelDownload download, ModelImport import, DownloadSlots downloads,
    UploadSlots uploads, TrainerTasks tasks, ModelReportPage pages)
    : ModelService.ModelServiceBase
{
    public override Task<Model> GetModel(GetModelRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var modelId = violations.Model(request.Name, "name");
        violations.ThrowIfAny();
        return Task.FromResult(ModelMessages.Of(catalog.FindModel(modelId)));
    }

    public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        violations.RequirePageSize(request.PageSize);
        violations.ThrowIfAny();
        var page = workspace.Models.List(request.PageSize, request.PageToken);
        var response = new ListModelsResponse { NextPageToken = page.NextPageToken ?? "" };
        response.Models.AddRange(page.Items.Select(ModelMessages.Of));
        return Task.FromResult(response);
    }

    public override Task<ListModelVersionsResponse> ListModelVersions(ListModelVersionsRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var modelId = violations.Model(request.Parent, "parent");
        violations.RequirePageSize(request.PageSize);
        violations.ThrowIfAny();
        var model = catalog.FindModel(modelId);
        var page = workspace.Models.ListVersions(model.Id, request.PageSize, request.PageToken);
        var response = new ListModelVersionsResponse { NextPageToken = page.NextPageToken ?? "" };
        response.Versions.AddRange(page.Items.Select(ModelMessages.Of));
        return Task.FromResult(response);
    }

    public override Task<ModelVersion> GetModelVersion(GetModelVersionRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var reference = violations.Reference(request.Name, "name");
        violations.ThrowIfAny();
        return Task.FromResult(ModelMessages.Of(catalog.Find(reference ?? throw violations.Exception())));
    }
}
