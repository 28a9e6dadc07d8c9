using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Versions and aliases that come, move back and go while the server serves them.</summary>
[Collection(ServerCollection.Name)]
public sealed class ModelLifeTests(ServerFixture server)
{
    private static readonly CallOptions Options = new(cancellationToken: TestContext.Current.CancellationToken);

    [Fact]
    public async Task GetModelVersion_ByEveryKindOfName_ReturnsIt()
    {
        Import("named", 2);
        await SetAliasAsync("named", 1);

        Assert.Equal("models/named/versions/1", (await GetAsync("models/named")).Name);
        Assert.Equal("models/named/versions/1", (await GetAsync("models/named@live")).Name);
        Assert.Equal("models/named/versions/2", (await GetAsync("models/named/versions/2")).Name);
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_VERSION_NOT_FOUND", () => GetAsync("models/named/versions/3"));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "ALIAS_NOT_FOUND", () => GetAsync("models/named@canary"));
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => GetAsync("models/named/versions/0"));
    }

    [Fact]
    public async Task Rollback_ServesTheVersionBefore_AndTwiceIsWhereItBegan()
    {
        Import("back", 2);
        await SetAliasAsync("back", 1);
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "NO_PREVIOUS_VERSION", () => RollbackAsync("back"));
        await SetAliasAsync("back", 2);

        await RpcAssert.FailsAsync(StatusCode.Aborted, "ALIAS_CONFLICT", () => RollbackAsync("back", expected: 1));
        await RollbackAsync("back", expected: 2);
        Assert.Equal("models/back/versions/1", await ClassifyAsync("models/back"));
        await RollbackAsync("back");
        Assert.Equal("models/back/versions/2", await ClassifyAsync("models/back"));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "ALIAS_NOT_FOUND", () => RollbackAsync("back", "canary"));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND", () => RollbackAsync("nobody"));
    }

    [Fact]
    public async Task Rollback_ToWhatCannotServe_LeavesTheAlias()
    {
        TinyModels.ImportBroken(server.Workspace, "fragile");
        TinyModels.ImportFull(server.Workspace, "fragile", "red", "green", "blue");
        server.Workspace.Models.SetAlias("fragile", "live", 1, Core.Store.OptionalExpected.Any);
        await SetAliasAsync("fragile", 2);

        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "MODEL_NOT_LOADABLE", () => RollbackAsync("fragile"));

        Assert.Equal("models/fragile/versions/2", await ClassifyAsync("models/fragile"));
    }

    [Fact]
    public async Task DeleteAlias_RequestsThatNameIt_AreNotFound()
    {
        Import("renamed", 1);
        await SetAliasAsync("renamed", 1);
        await ClassifyAsync("models/renamed");

        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => DeleteAliasAsync("renamed", ""));
        await RpcAssert.FailsAsync(StatusCode.Aborted, "ALIAS_CONFLICT", () => DeleteAliasAsync("renamed", "live", expected: 2));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "ALIAS_NOT_FOUND", () => DeleteAliasAsync("renamed", "canary"));
        Assert.Empty((await DeleteAliasAsync("renamed", "live", expected: 1)).Aliases);

        await RpcAssert.FailsAsync(StatusCode.NotFound, "ALIAS_NOT_FOUND", () => ClassifyAsync("models/renamed"));
        Assert.Equal("models/renamed/versions/1", await ClassifyAsync("models/renamed/versions/1"));
    }

    [Fact]
    public async Task Delete_ServedVersion_IsRefusedThenGoneForClassifyAndEverythingElse()
    {
        Import("short", 2);
        await SetAliasAsync("short", 1);
        await ClassifyAsync("models/short/versions/1");

        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "VERSION_HAS_ALIAS", () => DeleteVersionAsync("models/short/versions/1"));
        await SetAliasAsync("short", 2);
        await DeleteVersionAsync("models/short/versions/1");

        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_VERSION_NOT_FOUND", () => ClassifyAsync("models/short/versions/1"));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_VERSION_NOT_FOUND", () => SetAliasAsync("short", 1));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_VERSION_NOT_FOUND", () => DeleteVersionAsync("models/short/versions/1"));
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "NO_PREVIOUS_VERSION", () => RollbackAsync("short"));
        Assert.Equal("models/short/versions/2", await ClassifyAsync("models/short"));
    }

    [Fact]
    public async Task Delete_ByAnotherProcess_ClassifyIsNotFoundSoon()
    {
        Import("elsewhere", 2);
        await ClassifyAsync("models/elsewhere/versions/1");

        server.Workspace.Models.DeleteVersion(new Core.Store.ModelVersionId("elsewhere", 1));

        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                await ClassifyAsync("models/elsewhere/versions/1");
                return false;
            }
            catch (RpcException gone) when (gone.StatusCode == StatusCode.NotFound)
            {
                return true;
            }
        });
        Assert.Equal("models/elsewhere/versions/2", await ClassifyAsync("models/elsewhere/versions/2"));
    }

    [Fact]
    public async Task Delete_OneHeadOfASharedBackbone_LeavesTheOtherServing()
    {
        TinyModels.ImportHead(server.Workspace, "head-a", [1, 0, 0, 1, 0, 0], "red", "other");
        TinyModels.ImportHead(server.Workspace, "head-b", [0, 1, 0, 0, 1, 1], "rest", "red");
        await ClassifyAsync("models/head-a/versions/1");
        await ClassifyAsync("models/head-b/versions/1");

        await DeleteVersionAsync("models/head-a/versions/1");

        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_VERSION_NOT_FOUND", () => ClassifyAsync("models/head-a/versions/1"));
        Assert.Equal("models/head-b/versions/1", await ClassifyAsync("models/head-b/versions/1"));
    }

    [Fact]
    public async Task DeleteModel_IsGoneAndItsNumbersStayUsed()
    {
        Import("again", 2);
        await SetAliasAsync("again", 2);
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "MODEL_HAS_ALIAS", () => DeleteModelAsync("models/again"));
        await DeleteAliasAsync("again", "live");
        await ClassifyAsync("models/again/versions/2");

        await DeleteModelAsync("models/again");

        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND", () => ClassifyAsync("models/again/versions/2"));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_NOT_FOUND", () => DeleteModelAsync("models/again"));
        Import("again", 1);
        Assert.Equal("models/again/versions/3", await ClassifyAsync("models/again/versions/3"));
    }

    private void Import(string modelId, int versions)
    {
        for (var version = 1; version <= versions; version++)
            TinyModels.ImportFull(server.Workspace, modelId, "red", "green", $"{modelId}-{version}");
    }

    private async Task<string> ClassifyAsync(string model) => (await server.Classification.ClassifyAsync(
        new ClassifyRequest { Model = model, Images = { ByteString.CopyFrom(Drawings.Png(SKColors.Red)) } }, Options)).ModelVersion;

    private Task<ModelVersion> GetAsync(string name) =>
        server.Models.GetModelVersionAsync(new GetModelVersionRequest { Name = name }, Options).ResponseAsync;

    private Task<Model> SetAliasAsync(string modelId, int version) => server.Models.SetAliasAsync(
        new SetAliasRequest { Model = $"models/{modelId}", Version = $"models/{modelId}/versions/{version}" }, Options).ResponseAsync;

    private Task<Model> RollbackAsync(string modelId, string alias = "", int? expected = null)
    {
        var request = new RollbackAliasRequest { Model = $"models/{modelId}", Alias = alias };
        if (expected is not null)
            request.ExpectedVersion = $"models/{modelId}/versions/{expected}";
        return server.Models.RollbackAliasAsync(request, Options).ResponseAsync;
    }

    private Task<Model> DeleteAliasAsync(string modelId, string alias, int? expected = null)
    {
        var request = new DeleteAliasRequest { Model = $"models/{modelId}", Alias = alias };
        if (expected is not null)
            request.ExpectedVersion = $"models/{modelId}/versions/{expected}";
        return server.Models.DeleteAliasAsync(request, Options).ResponseAsync;
    }

    private Task DeleteVersionAsync(string name) =>
        server.Models.DeleteModelVersionAsync(new DeleteModelVersionRequest { Name = name }, Options).ResponseAsync;

    private Task DeleteModelAsync(string name) => server.Models.DeleteModelAsync(new DeleteModelRequest { Name = name }, Options).ResponseAsync;
}
