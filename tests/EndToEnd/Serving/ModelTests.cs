using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace BiT.Tests.EndToEnd.Serving;

[Collection(ServerCollection.Name)]
public sealed class ModelTests(ServerFixture server)
{
    private static readonly CallOptions Options = new(cancellationToken: TestContext.Current.CancellationToken);

    [Fact]
    public async Task Get_ModelWithVersions_ShowsAliasesAndTheNewest()
    {
        Import("shown", 2);
        await SetAliasAsync("shown", "live", 1);
        var model = await SetAliasAsync("shown", "canary", 2);

        Assert.Equal(["canary models/shown/versions/2", "live models/shown/versions/1"],
            model.Aliases.Select(alias => $"{alias.Alias} {alias.Version}"));
        Assert.Equal("models/shown/versions/2", model.LatestVersion.Name);
        Assert.Equal(["red", "green", "blue-2"], model.LatestVersion.Labels);
        Assert.Equal(TinyModels.Side, model.LatestVersion.InputSize);
        Assert.Contains("\"inferenceGraph\"", model.LatestVersion.ManifestJson, StringComparison.Ordinal);
        Assert.Equal(model, await server.Models.GetModelAsync(new GetModelRequest { Name = "models/shown" }, Options));
    }

    [Fact]
    public async Task List_ModelsAndVersionsInPages_GivesEachOnce()
    {
        Import("listed", 3);
        var versions = new List<string>();
        var token = "";
        do
        {
            var page = await server.Models.ListModelVersionsAsync(
                new ListModelVersionsRequest { Parent = "models/listed", PageSize = 2, PageToken = token }, Options);
            versions.AddRange(page.Versions.Select(version => version.Name));
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        var models = await server.Models.ListModelsAsync(new ListModelsRequest(), Options);

        Assert.Equal([3, 2, 1], versions.Select(name => int.Parse(name[^1..], null)));
        Assert.Contains("models/listed", models.Models.Select(model => model.Name));
        Assert.Equal(models.Models.Select(model => model.Name).Order(StringComparer.Ordinal), models.Models.Select(model => model.Name));
    }

    [Fact]
    public async Task SetAlias_WithExpectation_MovesOnlyIfItHolds()
    {
        Import("guarded", 2);

        await SetAliasAsync("guarded", "", 1, expected: "");
        await RpcAssert.FailsAsync(StatusCode.Aborted, "ALIAS_CONFLICT", () => SetAliasAsync("guarded", "live", 2, expected: ""));
        await RpcAssert.FailsAsync(StatusCode.Aborted, "ALIAS_CONFLICT", () =>
            SetAliasAsync("guarded", "live", 2, expected: "models/guarded/versions/2"));
        var model = await SetAliasAsync("guarded", "live", 2, expected: "models/guarded/versions/1");

        Assert.Equal("models/guarded/versions/2", Assert.Single(model.Aliases).Version);
    }

    [Fact]
    public async Task SetAlias_ToWhatCannotServe_LeavesTheAlias()
    {
        Import("careful", 1);
        TinyModels.ImportBroken(server.Workspace, "careful");
        await SetAliasAsync("careful", "live", 1);

        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "MODEL_NOT_LOADABLE", () => SetAliasAsync("careful", "live", 2));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_VERSION_NOT_FOUND", () => SetAliasAsync("careful", "live", 3));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND", () => SetAliasAsync("nobody", "live", 1));
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => SetAliasAsync("careful", "Not An Alias", 1));

        var model = await server.Models.GetModelAsync(new GetModelRequest { Name = "models/careful" }, Options);
        Assert.Equal("models/careful/versions/1", Assert.Single(model.Aliases).Version);
    }

    [Fact]
    public async Task Backbone_IsListedButNeitherClassifiesNorTakesAnAlias()
    {
        TinyModels.ImportBackbone(server.Workspace, "bare");
        var request = new ClassifyRequest { Model = "models/bare/versions/1", Images = { ByteString.CopyFrom(1) } };

        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "MODEL_HAS_NO_HEAD",
            () => server.Classification.ClassifyAsync(request, Options).ResponseAsync);
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "MODEL_HAS_NO_HEAD", () => SetAliasAsync("bare", "", 1));

        var model = await server.Models.GetModelAsync(new GetModelRequest { Name = "models/bare" }, Options);
        Assert.Equal(("backbone", 0, 0), (model.LatestVersion.Method, model.LatestVersion.Labels.Count, model.Aliases.Count));
    }

    [Fact]
    public async Task Report_OfWhatHasNone_SaysWhy()
    {
        Import("foreign", 1);
        TinyModels.ImportBackbone(server.Workspace, "headless");
        var (report, page) = (new GetModelReportRequest { Name = "models/foreign/versions/1" }, new GetModelReportPageRequest { Name = "models/foreign/versions/1" });
        var absent = $"datasets/{new string('0', 64)}";

        await RpcAssert.FailsAsync(StatusCode.NotFound, "REPORT_NOT_FOUND", () => server.Models.GetModelReportAsync(report, Options).ResponseAsync);
        await RpcAssert.FailsAsync(StatusCode.NotFound, "REPORT_NOT_FOUND",
            () => server.Models.GetModelReportPage(page, Options).ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_VERSION_NOT_FOUND",
            () => server.Models.GetModelReportAsync(new GetModelReportRequest { Name = "models/foreign/versions/2" }, Options).ResponseAsync);
        await RpcAssert.FailsAsync(StatusCode.NotFound, "DATASET_NOT_FOUND", () => EvaluateAsync("models/foreign/versions/1", absent));
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "MODEL_HAS_NO_HEAD", () => EvaluateAsync("models/headless/versions/1", absent));
        var refused = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => EvaluateAsync("foreign", "photos"));
        Assert.Equal(["name", "dataset"], refused.GetDetail<Google.Rpc.BadRequest>().FieldViolations.Select(violation => violation.Field));

        Task EvaluateAsync(string name, string dataset) => server.Models.EvaluateModelVersionAsync(
            new EvaluateModelVersionRequest { Name = name, Dataset = dataset }, Options).ResponseAsync;
    }

    [Fact]
    public async Task Get_UnknownModel_IsNotFound()
    {
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND",
            () => server.Models.GetModelAsync(new GetModelRequest { Name = "models/nobody" }, Options).ResponseAsync);
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND",
            () => server.Models.ListModelVersionsAsync(new ListModelVersionsRequest { Parent = "models/nobody" }, Options).ResponseAsync);
    }

    private void Import(string modelId, int versions)
    {
        for (var version = 1; version <= versions; version++)
            TinyModels.ImportFull(server.Workspace, modelId, "red", "green", $"blue-{version}");
    }

    private Task<Model> SetAliasAsync(string modelId, string alias, int version, string? expected = null)
    {
        var request = new SetAliasRequest { Model = $"models/{modelId}", Alias = alias, Version = $"models/{modelId}/versions/{version}" };
        if (expected is not null)
            request.ExpectedVersion = expected;
        return server.Models.SetAliasAsync(request, Options).ResponseAsync;
    }
}
