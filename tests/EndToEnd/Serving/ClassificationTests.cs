using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

[Collection(ServerCollection.Name)]
public sealed class ClassificationTests(ServerFixture server)
{
    private static readonly CallOptions Options = new(cancellationToken: TestContext.Current.CancellationToken);

    [Fact]
    public async Task Classify_ImagesOfThreeColours_NamesThem()
    {
        TinyModels.ImportFull(server.Workspace, "three", "red", "green", "blue");

        var response = await ClassifyAsync("models/three/versions/1", Drawings.Png(SKColors.Blue), Drawings.Jpeg(SKColors.Red),
            Drawings.Png(SKColors.Lime));

        Assert.Equal("models/three/versions/1", response.ModelVersion);
        Assert.Equal(["blue", "red", "green"], response.Results.Select(result => result.Predictions.Predictions_[0].Label));
        Assert.Equal([2, 0, 1], response.Results.Select(result => result.Predictions.Predictions_[0].ClassIndex));
        Assert.All(response.Results, result =>
            Assert.Equal(1, result.Predictions.Predictions_.Sum(prediction => prediction.Probability), 1e-5));
    }

    [Fact]
    public async Task Classify_GraphWithExternalData_AnswersAsTheOneFileForm()
    {
        var one = TinyModels.ImportWithTable(server.Workspace, "one-file", long.MaxValue, "red", "green", "blue");
        var two = TinyModels.ImportWithTable(server.Workspace, "two-files", 0, "red", "green", "blue");
        var photo = Drawings.Png(SKColors.Orange);

        var expected = await ClassifyAsync("models/one-file/versions/1", photo);
        var actual = await ClassifyAsync("models/two-files/versions/1", photo);

        Assert.Equal((true, true), (one.Manifest.InferenceGraphData is null, two.Manifest.InferenceGraphData is not null));
        Assert.Equal("red", actual.Results[0].Predictions.Predictions_[0].Label);
        Assert.Equal(expected.Results, actual.Results);
    }

    [Fact]
    public async Task Classify_GraphWhoseExternalDataIsGone_NamesVersionAndBlob()
    {
        var data = TinyModels.ImportWithTable(server.Workspace, "gone", 0, "red", "green", "violet").Manifest.InferenceGraphData ?? "";
        // Another test of the same table may serve it from memory: this graph, of another label, is loaded for the first time.
        var path = server.Workspace.Blobs.PathOf(data);
        File.Move(path, path + ".away");
        try
        {
            var status = await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "MODEL_NOT_LOADABLE",
                () => ClassifyAsync("models/gone/versions/1", Drawings.Png(SKColors.Red)));
            Assert.All(["models/gone/versions/1", data], part => Assert.Contains(part, status.Message));
        }
        finally
        {
            File.Move(path + ".away", path);
        }
    }

    [Fact]
    public async Task Classify_OneBadImageAmongGood_FailsThatImageOnly()
    {
        TinyModels.ImportFull(server.Workspace, "mixed", "red", "green", "blue");
        var jpeg = Drawings.Jpeg(SKColors.Red);

        var response = await ClassifyAsync("models/mixed/versions/1", Drawings.Png(SKColors.Red), "text"u8.ToArray(),
            jpeg[..(jpeg.Length / 2)], jpeg);

        Assert.Equal(["red", "NOT_AN_IMAGE", "TRUNCATED", "red"],
            response.Results.Select(result => result.OutcomeCase == ClassifyResult.OutcomeOneofCase.Error
            ? result.Error.GetDetail<ErrorInfo>().Reason
            : result.Predictions.Predictions_[0].Label));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 3)]
    [InlineData(100, 3)]
    public async Task Classify_TopK_BoundsThePredictions(int topK, int expected)
    {
        if (server.Workspace.Models.Find("top") is null)
            TinyModels.ImportFull(server.Workspace, "top", "red", "green", "blue");
        var request = Request("models/top/versions/1", Drawings.Png(SKColors.Red));
        request.TopK = topK;

        var response = await server.Classification.ClassifyAsync(request, Options);

        Assert.Equal(expected, response.Results[0].Predictions.Predictions_.Count);
    }

    [Theory]
    [InlineData("models/nobody", "MODEL_NOT_FOUND")]
    [InlineData("models/known", "ALIAS_NOT_FOUND")]
    [InlineData("models/known@canary", "ALIAS_NOT_FOUND")]
    [InlineData("models/known/versions/2", "MODEL_VERSION_NOT_FOUND")]
    public async Task Classify_UnknownModel_IsNotFound(string model, string reason)
    {
        if (server.Workspace.Models.Find("known") is null)
            TinyModels.ImportFull(server.Workspace, "known", "red", "green", "blue");

        var status = await RpcAssert.FailsAsync(StatusCode.NotFound, reason, () => ClassifyAsync(model, Drawings.Png(SKColors.Red)));

        Assert.StartsWith("models/", status.GetDetail<ErrorInfo>().Metadata["resource"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Classify_TooManyImages_NamesTheLimit()
    {
        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST",
            () => ClassifyAsync("models/any", [.. Enumerable.Repeat(Drawings.Png(SKColors.Red), 9)]));

        Assert.Contains("MaxImagesPerRequest = 8", status.Message, StringComparison.Ordinal);
        Assert.Equal("images", Assert.Single(status.GetDetail<BadRequest>().FieldViolations).Field);
    }

    [Fact]
    public async Task Classify_LargeRequest_NamesTheLimit()
    {
        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () =>
            ClassifyAsync("models/any", new byte[450_000]));

        Assert.Contains("MaxRequestBytes = 400,000", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Classify_WithoutImagesAndName_ListsBoth()
    {
        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => ClassifyAsync("flowers"));

        Assert.Equal(["model", "images"], status.GetDetail<BadRequest>().FieldViolations.Select(violation => violation.Field));
    }

    [Fact]
    public async Task Classify_VersionThatCannotBeLoaded_IsAFailedPrecondition()
    {
        TinyModels.ImportBroken(server.Workspace, "broken");

        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "MODEL_NOT_LOADABLE", () =>
            ClassifyAsync("models/broken/versions/1", Drawings.Png(SKColors.Red)));
    }

    [Fact]
    public async Task Classify_TwoHeadsOnOneBackbone_AnswerWithTheirOwnClasses()
    {
        var warm = TinyModels.ImportHead(server.Workspace, "warmth", [9f, 0, 0, 0, 0, 9], "warm", "cold");
        var order = TinyModels.ImportHead(server.Workspace, "order", [0f, 0, 9, 0, 9, 0, 9, 0, 0], "last", "middle", "first");
        Assert.Equal(warm.Manifest.InferenceGraph, order.Manifest.InferenceGraph);

        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(index =>
            ClassifyAsync($"models/{(index % 2 == 0 ? "warmth" : "order")}/versions/1", Drawings.Png(SKColors.Red),
                Drawings.Png(SKColors.Blue))));

        for (var index = 0; index < responses.Length; index++)
        {
            string[] expected = index % 2 == 0 ? ["warm", "cold"] : ["first", "last"];
            Assert.Equal(expected, responses[index].Results.Select(result => result.Predictions.Predictions_[0].Label));
        }
    }

    [Fact]
    public async Task Alias_MovedWhileRequestsRun_NeverFailsOne()
    {
        TinyModels.ImportFull(server.Workspace, "swapped", "red", "green", "blue");
        await SetAliasAsync("swapped", 1);
        using var stop = new CancellationTokenSource();
        var begun = Enumerable.Range(0, 4).Select(_ => new TaskCompletionSource()).ToArray();
        var callers = begun.Select(first => Task.Run(() => CallUntilAsync(first, stop.Token))).ToArray();
        // Whatever the machine's load: each has seen the first version, and calls once more behind the last.
        await Task.WhenAny(Task.WhenAll(begun.Select(first => first.Task)), Task.WhenAny(callers));
        for (var version = 2; version <= 6; version++)
        {
            TinyModels.ImportFull(server.Workspace, "swapped", "red", "green", $"blue-{version}");
            await SetAliasAsync("swapped", version);
            var answer = await ClassifyAsync("models/swapped", Drawings.Png(SKColors.Blue));
            Assert.Equal($"models/swapped/versions/{version}", answer.ModelVersion);
            Assert.Equal($"blue-{version}", answer.Results[0].Predictions.Predictions_[0].Label);
        }
        await stop.CancelAsync();

        Assert.All(await Task.WhenAll(callers),
            seen => Assert.Equal(("models/swapped/versions/1", "models/swapped/versions/6"), (seen[0], seen[^1])));

        async Task<List<string>> CallUntilAsync(TaskCompletionSource first, CancellationToken end)
        {
            var seen = new List<string>();
            for (var isLast = false; !isLast; first.TrySetResult())
            {
                isLast = end.IsCancellationRequested;
                seen.Add((await ClassifyAsync("models/swapped", Drawings.Png(SKColors.Blue))).ModelVersion);
            }
            return seen;
        }
    }

    [Fact]
    public async Task Alias_MovedByAnotherProcess_IsNoticed()
    {
        TinyModels.ImportFull(server.Workspace, "shared", "red", "green", "blue");
        TinyModels.ImportFull(server.Workspace, "shared", "red", "green", "azure");
        server.Workspace.Models.SetAlias("shared", "live", 1, OptionalExpected.Any);
        Assert.Equal("models/shared/versions/1", (await ClassifyAsync("models/shared", Drawings.Png(SKColors.Blue))).ModelVersion);

        server.Workspace.Models.SetAlias("shared", "live", 2, OptionalExpected.Any);

        await Eventually.HoldsAsync(async () =>
            (await ClassifyAsync("models/shared", Drawings.Png(SKColors.Blue))).ModelVersion == "models/shared/versions/2");
    }

    private Task<Model> SetAliasAsync(string modelId, int version) => server.Models.SetAliasAsync(
        new SetAliasRequest { Model = $"models/{modelId}", Version = $"models/{modelId}/versions/{version}" }, Options).ResponseAsync;

    private Task<ClassifyResponse> ClassifyAsync(string model, params byte[][] images) =>
        server.Classification.ClassifyAsync(Request(model, images), Options).ResponseAsync;

    private static ClassifyRequest Request(string model, params byte[][] images)
    {
        var request = new ClassifyRequest { Model = model };
        request.Images.AddRange(images.Select(image => ByteString.CopyFrom(image)));
        return request;
    }
}
