using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Graphs.Serialization;
using BiT.Protocol.V1;
using BiT.Training.Networks;
using BiT.Training.Weights;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Model files in and out with the real server and the real trainer.</summary>
public sealed class ModelFileFlowTests : IAsyncLifetime
{
    private const int Size = 32;
    private static readonly string[] Labels = ["daisy", "rose"];

    private static readonly Dictionary<string, string> Metadata = new()
    {
        ["bit.network"] = "bit-tiny",
        ["bit.preprocessing"] = new Core.Imaging.Preprocessing { Height = Size, Width = Size }.ToJson(),
    };

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _npz;
    private readonly byte[] _graph;
    private readonly WeightSet _weights;
    private ServerProcess? _server;
    private GrpcChannel? _channel;
    private Workspace? _workspace;

    public ModelFileFlowTests()
    {
        var network = BitNetwork.ByName("bit-tiny");
        var random = new Random(5);
        float[] Random(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        _weights = Initializers.Create(network, 0, seed: 2).WithHead(2, Random(network.FeatureCount * 2), Random(2));
        _npz = Npz(path => NpzWeights.Write(path, _weights));
        _graph = OnnxWriter.ToBytes(InferenceGraph.Build(_weights, Size, new Dictionary<string, string>(Metadata) { ["bit.labels"] = "[\"daisy\",\"rose\"]" }));
    }

    private int Limit => Math.Max(_npz.Length, _graph.Length);

    public async ValueTask InitializeAsync()
    {
        // The larger of the two files is exactly as large as is allowed.
        _server = await ServerProcess.StartAsync(Path.Combine(_folder.Path, "workspace"), "--Trainer:Enabled", "true", "--Limits:MaxImportBytes", $"{Limit}");
        _channel = _server.Connect();
        _workspace = Workspace.Open(Path.Combine(_folder.Path, "workspace"), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        _workspace?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Npz_ImportedPromotedDownloadedAndImportedAgain_AnswersTheSame()
    {
        var version = await Models.ImportAsync(Header("flowers"), _npz);
        Assert.Equal(("models/flowers/versions/1", "full", "bit-tiny", Size), (version.Name, version.Method, version.Network, version.InputSize));
        Assert.Equal(Labels, version.Labels);
        await PromoteAsync(version);
        var expected = await ClassifyAsync("models/flowers");

        Assert.Equal(_npz, (await Models.DownloadAsync("models/flowers", ModelFile.Weights)).Content);
        var graph = (await Models.DownloadAsync("models/flowers", ModelFile.InferenceGraph)).Content;
        Assert.Equal(_graph, graph);
        var again = await Models.ImportAsync(new ImportHeader { Model = "models/copy" }, graph);
        Assert.Equal("inference", again.Method);
        Assert.Equal(Labels, again.Labels);
        await PromoteAsync(again);

        Assert.Equal(expected.Results, (await ClassifyAsync("models/copy")).Results);
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => Models.ImportAsync(Header("flowers"), [.. _npz, .. new byte[Limit - _npz.Length + 1]]));
    }

    [Fact]
    public async Task Files_ThatAreNotModels_AreRefusedByNameAndTheTrainerLivesOn()
    {
        var wrong = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_WEIGHTS",
            () => Models.ImportAsync(new ImportHeader { Model = "models/bad", Network = "R50x1" }, _npz));
        Assert.Contains("resnet/block1/unit03/a/standardized_conv2d/kernel", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Path, wrong.Message, StringComparison.Ordinal);
        var cut = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_WEIGHTS", () => Models.ImportAsync(Header("bad"), _npz[..^1000]));
        Assert.DoesNotContain(_folder.Path, cut.Message, StringComparison.Ordinal);
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_GRAPH",
            () => Models.ImportAsync(new ImportHeader { Model = "models/bad" }, [8, 8, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]));
        var foreign = OnnxWriter.ToBytes(InferenceGraph.Build(_weights, Size));
        var unnamed = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_GRAPH",
            () => Models.ImportAsync(new ImportHeader { Model = "models/bad" }, foreign));
        Assert.Contains("bit.network", unnamed.Message, StringComparison.Ordinal);
        Assert.Null(Opened.Models.Find("bad"));

        Assert.Equal("models/good/versions/1", (await Models.ImportAsync(Header("good"), _npz)).Name);
        Assert.DoesNotContain("Trainer ended", Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_Downloaded_IsComposedOnceAndAnswersAsItIsServed()
    {
        ImportHead();
        var served = await ClassifyAsync("models/heads/versions/1");

        var (header, content) = await Models.DownloadAsync("models/heads/versions/1", ModelFile.InferenceGraph);
        var weights = (await Models.DownloadAsync("models/heads/versions/1", ModelFile.Weights)).Content;
        Assert.Equal(_npz, weights);
        Assert.Equal("heads-1.onnx", header.FileName);
        var path = Path.Combine(_folder.Path, "whole.onnx");
        await File.WriteAllBytesAsync(path, content, TestContext.Current.CancellationToken);
        using var model = InferenceModel.Open(path, new RuntimeOptions());
        var copy = await Models.ImportAsync(new ImportHeader { Model = "models/whole-heads" }, content);
        await PromoteAsync(copy);

        Assert.Equal((Size, 2), (model.InputHeight, model.ClassCount));
        var composed = await ClassifyAsync("models/whole-heads");
        foreach (var (one, other) in served.Results.Zip(composed.Results))
        {
            Assert.Equal(one.Predictions.Predictions_.Select(item => item.Label), other.Predictions.Predictions_.Select(item => item.Label));
            // A logit differs in its last bits, by 1e-6 of its size; a probability by no more than that times the logit, about 10.
            Assert.All(one.Predictions.Predictions_.Zip(other.Predictions.Predictions_),
                pair => Assert.InRange(pair.Second.Probability, pair.First.Probability - 1e-5f, pair.First.Probability + 1e-5f));
        }
        // Without its parts: the second download takes what the first one made.
        File.Delete(Opened.Blobs.PathOf(Opened.Models.FindVersion(new ModelVersionId("heads", 1))?.Manifest.Head ?? ""));
        Assert.Equal(content, (await Models.DownloadAsync("models/heads/versions/1", ModelFile.InferenceGraph)).Content);
    }

    private ModelService.ModelServiceClient Models => new(_channel ?? throw new InvalidOperationException("Not started."));

    private Workspace Opened => _workspace ?? throw new InvalidOperationException("Not started.");

    private string Log => _server?.Log ?? "";

    private static ImportHeader Header(string model) => new() { Model = $"models/{model}", Network = "bit-tiny", Labels = { Labels }, InputSize = Size };

    private void ImportHead()
    {
        var backbone = _weights.WithoutHead();
        Opened.Models.Import("heads", new ModelManifest
        {
            Method = "head",
            Network = "bit-tiny",
            Labels = Labels,
            InputSize = Size,
            InferenceGraph = Put(OnnxWriter.ToBytes(InferenceGraph.Build(backbone, Size, Metadata))),
            Weights = Put(Npz(path => NpzWeights.Write(path, backbone))),
            Head = Put(Npz(path => NpzWeights.WriteHead(path, _weights))),
        });
    }

    private string Put(byte[] bytes) => Opened.Blobs.Put(new MemoryStream(bytes));

    private byte[] Npz(Action<string> write)
    {
        var path = Path.Combine(_folder.Path, $"{Guid.NewGuid():N}.npz");
        write(path);
        return File.ReadAllBytes(path);
    }

    private async Task PromoteAsync(ModelVersion version) => await Models.SetAliasAsync(
        new SetAliasRequest { Model = version.Name.Split("/versions/")[0], Version = version.Name }, cancellationToken: TestContext.Current.CancellationToken);

    private async Task<ClassifyResponse> ClassifyAsync(string model) => await new ClassificationService.ClassificationServiceClient(_channel).ClassifyAsync(
        new ClassifyRequest
        {
            Model = model,
            Images = { ByteString.CopyFrom(Drawings.Png(SKColors.Red)), ByteString.CopyFrom(Drawings.Png(SKColors.Teal, 99)) },
        }, cancellationToken: TestContext.Current.CancellationToken);
}
