using System.Security.Cryptography;
using BiT.Client;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Wire = BiT.Protocol.V1;

namespace BiT.Tests.Unit.Client;

public sealed class DatasetCallTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(3 * BitClientOptions.MinChunkBytes)]
    public async Task UploadArchive_AnyStream_SendsHeaderChunksAndChecksum(int length)
    {
        var archive = RandomNumberGenerator.GetBytes(length);
        var received = new MemoryStream();
        var parts = new List<string>();
        byte[] checksum = [];
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Upload = async stream =>
            {
                await foreach (var message in stream.ReadAllAsync(Cancel))
                {
                    parts.Add(message.PartCase == Wire.UploadDatasetRequest.PartOneofCase.Header
                        ? $"{message.Header.DisplayName} {message.Header.Archive}" : message.PartCase.ToString());
                    message.Chunk.WriteTo(received);
                    checksum = message.Trailer?.Sha256.ToByteArray() ?? checksum;
                }
                return new Wire.UploadDatasetResponse { Dataset = new Wire.Dataset { Name = "datasets/abc", ProblemCount = 3 } };
            },
        });
        var reports = new List<UploadProgress>();
        using var client = new BitClient(service.Address, new BitClientOptions { ChunkBytes = BitClientOptions.MinChunkBytes });

        var result = await client.UploadArchiveAsync(new MemoryStream(archive), "my zip", new Progress(reports.Add), Cancel);

        Assert.Equal(["my zip Zip", .. Enumerable.Repeat("Chunk", (length + BitClientOptions.MinChunkBytes - 1) / BitClientOptions.MinChunkBytes), "Trailer"], parts);
        Assert.Equal(archive, received.ToArray());
        Assert.Equal(SHA256.HashData(archive), checksum);
        Assert.Equal(3, result.Dataset.ProblemCount);
        Assert.Equal(new UploadProgress(0, 0, length, length), reports[^1]);
    }

    [Fact]
    public async Task ListProblems_TwoPages_AreWalked()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            ListProblems = request => request.PageToken.Length == 0
                ? new Wire.ListDatasetProblemsResponse { Problems = { Problem(request.Parent) }, NextPageToken = "next" }
                : new Wire.ListDatasetProblemsResponse { Problems = { Problem("last") } },
        });
        using var client = new BitClient(service.Address);

        var problems = await client.ListDatasetProblemsAsync("abc", Cancel).ToListAsync(Cancel);

        Assert.Equal([new DatasetProblem("datasets/abc", "rose", "CORRUPT", "Broken.", ProblemSeverity.LeftOut),
            new DatasetProblem("last", "rose", "CORRUPT", "Broken.", ProblemSeverity.LeftOut)], problems);
    }

    [Fact]
    public async Task GetPage_InParts_WritesThemInOrder()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            DatasetPage = async (name, writer) =>
            {
                await writer.WriteAsync(new Wire.PageChunk { Data = ByteString.CopyFromUtf8(name + " ") });
                await writer.WriteAsync(new Wire.PageChunk { Data = ByteString.CopyFromUtf8("end") });
            },
        });
        using var client = new BitClient(service.Address);
        using var page = new MemoryStream();

        await client.GetDatasetPageAsync("abc", page, Cancel);

        Assert.Equal("datasets/abc end"u8, page.ToArray());
    }

    [Fact]
    public async Task Delete_Refused_ThrowsTheServicesReason()
    {
        var deleted = "";
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            DeleteDataset = name => name == "datasets/used"
                ? throw new RpcException(new Status(StatusCode.FailedPrecondition, "In use."))
                : (deleted = name) is null ? new Empty() : new Empty(),
        });
        using var client = new BitClient(service.Address);

        await client.DeleteDatasetAsync("abc", Cancel);
        var failure = await Assert.ThrowsAsync<BitException>(() => client.DeleteDatasetAsync("used", Cancel));

        Assert.Equal("datasets/abc", deleted);
        Assert.Equal((StatusCode.FailedPrecondition, "In use."), (failure.Code, failure.Message));
    }

    private static Wire.DatasetProblem Problem(string fileName) => new()
    {
        FileName = fileName, Label = "rose", Reason = "CORRUPT", Message = "Broken.", Severity = Wire.ProblemSeverity.LeftOut,
    };

    private sealed class Progress(Action<UploadProgress> report) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value) => report(value);
    }
}
