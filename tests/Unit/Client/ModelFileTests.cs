using System.Security.Cryptography;
using BiT.Client;
using Google.Protobuf;
using Grpc.Core;
using Wire = BiT.Protocol.V1;

namespace BiT.Tests.Unit.Client;

/// <summary>Model files between disk and service.</summary>
public sealed class ModelFileTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 300_000).Select(index => (byte)(index * 31))];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Download_ToAFolder_TakesTheSuggestedNameAndReportsAllBytes()
    {
        Wire.DownloadModelVersionRequest? asked = null;
        await using var service = await ServeAsync(Header("flowers-3.onnx"), Content, request => asked = request);
        using var client = new BitClient(service.Address);
        var reports = new Reports();

        var got = await client.DownloadAsync("flowers/3", _folder.Path, ModelFile.Weights, progress: reports, cancellationToken: Cancel);

        Assert.Equal(new Wire.DownloadModelVersionRequest { Name = "models/flowers/versions/3", File = Wire.ModelFile.Weights }, asked);
        Assert.Equal(Path.Combine(_folder.Path, "flowers-3.onnx"), got.Path);
        Assert.Equal(Content, await File.ReadAllBytesAsync(got.Path, Cancel));
        Assert.Equal((Content.Length, Convert.ToHexStringLower(SHA256.HashData(Content))), (got.ByteCount, got.Sha256));
        Assert.Equal(new TransferProgress(Content.Length, Content.Length), reports.Last);
    }

    [Theory]
    [InlineData("../../evil.onnx", "evil.onnx")]
    [InlineData("..\\evil.onnx", "evil.onnx")]
    [InlineData("/etc/passwd", "passwd")]
    [InlineData("..", "model.download")]
    [InlineData(".bashrc", "model.download")]
    [InlineData("", "model.download")]
    [InlineData("a\0b", "model.download")]
    public async Task Download_NameThatLeadsElsewhere_StaysInTheFolder(string suggested, string expected)
    {
        await using var service = await ServeAsync(Header(suggested), Content);
        using var client = new BitClient(service.Address);

        var got = await client.DownloadAsync("flowers", _folder.Path, cancellationToken: Cancel);

        Assert.Equal(Path.Combine(_folder.Path, expected), got.Path);
        Assert.Equal([got.Path], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("other bytes")]
    [InlineData("too few")]
    [InlineData("too many")]
    [InlineData("cut off")]
    public async Task Download_Damaged_LeavesNothingAndKeepsTheOldFile(string damage)
    {
        var sent = damage switch
        {
            "other bytes" => [.. Content[..^1], (byte)(Content[^1] ^ 1)],
            "too many" => [.. Content, 0],
            _ => Content[..^1],
        };
        var target = Path.Combine(_folder.Path, "kept.onnx");
        await File.WriteAllTextAsync(target, "old", Cancel);
        await using var service = await ServeAsync(Header("x"), sent, fails: damage == "cut off");
        using var client = new BitClient(service.Address, new BitClientOptions { MaxAttempts = 1 });

        var failure = await Assert.ThrowsAsync<BitException>(() => client.DownloadAsync("flowers", target, overwrite: true, cancellationToken: Cancel));

        Assert.Equal(damage == "cut off" ? StatusCode.Unavailable : StatusCode.DataLoss, failure.Code);
        Assert.Equal([target], Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal("old", await File.ReadAllTextAsync(target, Cancel));
    }

    [Fact]
    public async Task Download_OverAFile_OnlyIfAskedTo()
    {
        var target = Path.Combine(_folder.Path, "there.onnx");
        await File.WriteAllTextAsync(target, "old", Cancel);
        await using var service = await ServeAsync(Header("there.onnx"), Content);
        using var client = new BitClient(service.Address);

        Assert.Contains(target, (await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync("m", target, cancellationToken: Cancel))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync("m", _folder.Path, cancellationToken: Cancel));
        await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync("m", Path.Combine(_folder.Path, "absent", "x"), cancellationToken: Cancel));
        Assert.Equal("old", await File.ReadAllTextAsync(target, Cancel));
        await client.DownloadAsync("m", target, overwrite: true, cancellationToken: Cancel);

        Assert.Equal(Content, await File.ReadAllBytesAsync(target, Cancel));
    }

    [Fact]
    public async Task Import_File_SendsHeaderChunksAndHash()
    {
        var path = Path.Combine(_folder.Path, "weights.npz");
        await File.WriteAllBytesAsync(path, Content, Cancel);
        var (messages, received) = (new List<Wire.ImportModelVersionRequest>(), new MemoryStream());
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Import = async stream =>
            {
                await foreach (var message in stream.ReadAllAsync(Cancel))
                {
                    messages.Add(message);
                    message.Data.WriteTo(received);
                }
                return new Wire.ModelVersion { Name = "models/m/versions/1", Method = "full" };
            },
        });
        using var client = new BitClient(service.Address, new BitClientOptions { ChunkBytes = BitClientOptions.MinChunkBytes });
        var reports = new Reports();

        var version = await client.ImportAsync("m", path, new ImportSettings { Network = "R50x1", Labels = ["a", "b"], InputSize = 96 }, reports, Cancel);

        Assert.Equal("models/m/versions/1", version.Name);
        Assert.Equal(new Wire.ImportHeader { Model = "models/m", Network = "R50x1", Labels = { "a", "b" }, InputSize = 96 }, messages[0].Header);
        Assert.Equal(Content, received.ToArray());
        Assert.Equal(SHA256.HashData(Content), messages[^1].Sha256.ToByteArray());
        Assert.Equal(new TransferProgress(Content.Length, Content.Length), reports.Last);
    }

    [Fact]
    public async Task Import_RefusedBeforeTheEnd_TellsTheServicesReason()
    {
        var path = Path.Combine(_folder.Path, "large.npz");
        await File.WriteAllBytesAsync(path, new byte[20 << 20], Cancel);
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Import = _ => throw new RpcException(new Status(StatusCode.InvalidArgument, "Not today.")),
        });
        using var client = new BitClient(service.Address);

        var failure = await Assert.ThrowsAsync<BitException>(() => client.ImportAsync("m", path, cancellationToken: Cancel));

        Assert.Equal((StatusCode.InvalidArgument, "Not today."), (failure.Code, failure.Message));
    }

    private static Wire.DownloadHeader Header(string fileName) => new()
    {
        ModelVersion = "models/flowers/versions/3",
        FileName = fileName,
        ByteCount = Content.Length,
        Sha256 = ByteString.CopyFrom(SHA256.HashData(Content)),
    };

    private static Task<FakeService> ServeAsync(
        Wire.DownloadHeader header, byte[] content, Action<Wire.DownloadModelVersionRequest>? asked = null, bool fails = false) =>
        FakeService.StartAsync(new FakeAnswers
        {
            Download = async (request, stream) =>
            {
                asked?.Invoke(request);
                await stream.WriteAsync(new Wire.DownloadModelVersionResponse { Header = header }, Cancel);
                foreach (var chunk in content.Chunk(100_000))
                    await stream.WriteAsync(new Wire.DownloadModelVersionResponse { Data = ByteString.CopyFrom(chunk) }, Cancel);
                if (fails)
                    throw new RpcException(new Status(StatusCode.Unavailable, "Gone."));
            },
        });

    private sealed class Reports : IProgress<TransferProgress>
    {
        public TransferProgress? Last { get; private set; }

        public void Report(TransferProgress value) => Last = value;
    }
}
