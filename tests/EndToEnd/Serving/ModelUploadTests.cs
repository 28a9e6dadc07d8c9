using System.IO.Compression;
using System.Security.Cryptography;
using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Imports that are refused by the server alone, and downloads of what is there. No trainer runs.</summary>
[Collection(ServerCollection.Name)]
public sealed class ModelUploadTests(ServerFixture server)
{
    private static readonly ImportHeader Good = new() { Model = "models/imported", Network = "bit-tiny" };
    private static readonly byte[] Zip = [(byte)'P', (byte)'K', 3, 4];

    public static TheoryData<string> Refusals => [.. Streams.Keys];

    private static readonly Dictionary<string, (string Field, ImportModelVersionRequest[] Messages)> Streams = new()
    {
        ["nothing"] = ("header", []),
        ["data first"] = ("header", [Data(Zip)]),
        ["an empty message"] = ("part", [Header(Good), new ImportModelVersionRequest()]),
        ["two headers"] = ("header", [Header(Good), Header(Good)]),
        ["no data"] = ("data", [Header(Good)]),
        ["less than a magic"] = ("data", [Header(Good), Data([(byte)'P', (byte)'K', 3])]),
        ["neither npz nor ONNX"] = ("data", [Header(Good), Data("GIF89a and more"u8.ToArray())]),
        ["neither, byte by byte"] = ("data", [Header(Good), Data([(byte)'P']), Data([(byte)'K']), Data([5]), Data([6])]),
        ["a short hash"] = ("sha256", [Header(Good), Data(Zip), new ImportModelVersionRequest { Sha256 = ByteString.CopyFrom(1, 2) }]),
        ["data behind the hash"] = ("part", [Header(Good), Data(Zip), new ImportModelVersionRequest { Sha256 = ByteString.CopyFrom(SHA256.HashData(Zip)) }, Data(Zip)]),
        ["a bad model"] = ("header.model", [Header(new ImportHeader { Model = "models/Not Good" })]),
        ["an unknown network"] = ("header.network", [Header(new ImportHeader { Model = "models/m", Network = "R18" })]),
        ["an npz without network"] = ("header.network", [Header(new ImportHeader { Model = "models/m" }), Data(Zip)]),
        ["a size too small"] = ("header.input_size", [Header(new ImportHeader { Model = "models/m", Network = "bit-tiny", InputSize = 31 })]),
        ["a size too large"] = ("header.input_size", [Header(new ImportHeader { Model = "models/m", Network = "bit-tiny", InputSize = 1025 })]),
        ["a label twice"] = ("header.labels[1]", [Header(new ImportHeader { Model = "models/m", Network = "bit-tiny", Labels = { "a", "a" } })]),
        ["an empty label"] = ("header.labels[0]", [Header(new ImportHeader { Model = "models/m", Network = "bit-tiny", Labels = { "" } })]),
        ["a graph with labels"] = ("header.labels", [Header(new ImportHeader { Model = "models/m", Labels = { "a" } }), Data([8, 8, 8, 8])]),
        ["a graph with a size"] = ("header.input_size", [Header(new ImportHeader { Model = "models/m", InputSize = 64 }), Data([8, 8, 8, 8])]),
        ["more than MaxImportBytes"] = ("data", [Header(Good), Data(Zip), .. Enumerable.Repeat(Data(new byte[100_000]), 5)]),
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Import_WrongStream_IsRefusedByNameAndLeavesNothing(string stream)
    {
        var (field, messages) = Streams[stream];

        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => server.Models.SendAsync(messages));

        Assert.StartsWith($"{field}: ", status.Message, StringComparison.Ordinal);
        AssertNothingWaits();
    }

    [Fact]
    public async Task Import_OtherBytesThanWereSent_IsDataLoss()
    {
        await RpcAssert.FailsAsync(StatusCode.DataLoss, "CHECKSUM_MISMATCH", () => server.Models.SendAsync(
            [Header(Good), Data(Zip), new ImportModelVersionRequest { Sha256 = ByteString.CopyFrom(SHA256.HashData("others"u8)) }]));
        Assert.Null(server.Workspace.Models.Find("imported"));
    }

    [Fact]
    public async Task Download_WholeVersion_IsTheStoredFile()
    {
        var version = TinyModels.ImportFull(server.Workspace, "whole", "red", "green", "blue");

        var (header, graph) = await server.Models.DownloadAsync("models/whole/versions/1", ModelFile.InferenceGraph);
        var (weightsHeader, weights) = await server.Models.DownloadAsync("models/whole/versions/1", ModelFile.Weights);

        Assert.Equal(server.Workspace.Blobs.ReadAllBytes(version.Manifest.InferenceGraph), graph);
        Assert.Equal(("models/whole/versions/1", "whole-1.onnx"), (header.ModelVersion, header.FileName));
        Assert.Equal(("whole-1.npz", 1), (weightsHeader.FileName, weights.Length));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "MODEL_VERSION_NOT_FOUND",
            () => server.Models.DownloadAsync("models/whole/versions/2", ModelFile.Weights));
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST",
            () => server.Models.DownloadAsync("models/whole/versions/1", (ModelFile)9));
    }

    [Fact]
    public async Task Download_NetworkWithExternalData_IsAZipThatUnpacksToARunningModel()
    {
        TinyModels.ImportWithTable(server.Workspace, "two-files", externalDataThreshold: 100, "red", "green", "blue");
        using var folder = new TemporaryFolder();

        var (header, content) = await server.Models.DownloadAsync("models/two-files/versions/1", ModelFile.InferenceGraph);

        Assert.Equal("two-files-1.zip", header.FileName);
        using (var zip = new ZipArchive(new MemoryStream(content)))
            zip.ExtractToDirectory(folder.Path);
        Assert.Equal(["infer.onnx", "infer.onnx.data"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using var model = Core.Runtime.InferenceModel.Open(Path.Combine(folder.Path, "infer.onnx"), new Core.Runtime.RuntimeOptions());
        Assert.Equal(3, model.ClassCount);
    }

    [Fact]
    public async Task Inference_Version_HasNoWeightsAndIsNoBase()
    {
        var full = TinyModels.ImportFull(server.Workspace, "folded-source", "red", "green", "blue-folded");
        server.Workspace.Models.Import("folded", full.Manifest with { Method = "inference", Weights = null });
        var dataset = await server.Datasets.UploadAsync("colours", Uploads.TwoColours(77));
        var spec = new FineTuneSpec { Dataset = dataset.Dataset.Name, Model = "models/next", Base = "models/folded/versions/1" };

        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "VERSION_HAS_NO_WEIGHTS",
            () => server.Models.DownloadAsync("models/folded/versions/1", ModelFile.Weights));
        var refusal = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => server.FineTuning.SubmitFineTuneJobAsync(
            new SubmitFineTuneJobRequest { Spec = spec }, cancellationToken: TestContext.Current.CancellationToken).ResponseAsync);

        Assert.Contains("nothing can be trained from it", refusal.Message, StringComparison.Ordinal);
    }

    private void AssertNothingWaits() => Assert.Equal([], Directory.GetFiles(server.Workspace.TemporaryFolder, "*.blob.tmp"));

    private static ImportModelVersionRequest Header(ImportHeader header) => new() { Header = header };

    private static ImportModelVersionRequest Data(byte[] bytes) => new() { Data = ByteString.CopyFrom(bytes) };
}
