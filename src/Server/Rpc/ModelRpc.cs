using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Hosting;
using BiT.Serving.Jobs;
using BiT.Serving.Pages;
using Grpc.Core;

namespace BiT.Serving.Rpc;

/// <summary>bit.v1.ModelService.</summary>
internal sealed partial class ModelRpc(Workspace workspace, ModelCatalog catalog, TrainerTasks tasks, ModelReportPage pages) : ModelService.ModelServiceBase
{
    public override Task<Model> GetModel(GetModelRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var modelId = violations.Model(request.Name, "name");
        violations.ThrowIfAny();
        return Task.FromResult(ModelMessages.Of(Find(modelId)));
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
        var model = Find(modelId);
        var page = workspace.Models.ListVersions(model.Id, request.PageSize, request.PageToken);
        var response = new ListModelVersionsResponse { NextPageToken = page.NextPageToken ?? "" };
        response.Versions.AddRange(page.Items.Select(ModelMessages.Of));
        return Task.FromResult(response);
    }

    public override async Task<Model> SetAlias(SetAliasRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var modelId = violations.Model(request.Model, "model");
        var alias = request.Alias.Length == 0 ? ModelReference.LiveAlias : request.Alias;
        violations.Require(ResourceIds.IsName(alias), "alias", FieldViolations.AliasForm(alias));
        var version = violations.Version(request.Version, "version");
        violations.Require(version is null || version.ModelId == modelId, "version",
            $"is {FieldViolations.Quote(request.Version)}; expected a version of {request.Model}.");
        var expected = Expected(request, modelId, violations);
        violations.ThrowIfAny();
        var model = await catalog.SetAliasAsync(version ?? throw violations.Exception(), alias, expected, context.CancellationToken);
        return ModelMessages.Of(model);
    }

    private static OptionalExpected Expected(SetAliasRequest request, string modelId, FieldViolations violations)
    {
        if (!request.HasExpectedVersion)
            return OptionalExpected.Any;
        if (request.ExpectedVersion.Length == 0)
            return OptionalExpected.Absent;
        var version = violations.Version(request.ExpectedVersion, "expected_version");
        if (version is null)
            return OptionalExpected.Any;
        violations.Require(version.ModelId == modelId, "expected_version",
            $"is {FieldViolations.Quote(request.ExpectedVersion)}; expected a version of {request.Model}, "
            + "or an empty text for \"no such alias yet\".");
        return OptionalExpected.Version(version.Number);
    }

    private ModelRecord Find(string modelId) => workspace.Models.Find(modelId)
        ?? throw new ModelNotFoundException("MODEL_NOT_FOUND", ResourceNames.OfModel(modelId),
            $"There is no model '{ResourceNames.OfModel(modelId)}'. ListModels shows those that exist.");
}
