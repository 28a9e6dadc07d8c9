using System.Security.Cryptography;
using System.Text;
using BiT.Client;
using Grpc.Core;
using Wire = BiT.Protocol.V1;

namespace BiT.Tests.Unit.Client;

public sealed class DatasetUploadTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_Folder_StreamsHeaderPhotosAndChunksInOrder()
    {
        using var folder = new TemporaryFolder();
        var large = Enumerable.Range(0, 3 * BitClientOptions.MinChunkBytes + 17).Select(index => (byte)(index * 7)).ToArray();
        Write(folder, "daisy/large.png", large);
        Write(folder, "rose/empty.jpg", []);
        Write(folder, "rose/small.jpg", Encoding.ASCII.GetBytes("small"));
        var log = new List<string>();
        var received = new MemoryStream();
        var largestChunk = 0;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Upload = async stream =>
            {
                await foreach (var message in stream.ReadAllAsync(Cancel))
                {
                    if (message.Header is { } header)
                        log.Add("header " + header.DisplayName);
                    else if (message.Photo is { } photo)
                        log.Add($"photo {photo.FileName} {photo.Label} {photo.Split} {photo.ByteCount}");
                    else if (message.Trailer is { } trailer)
                        log.Add("trailer " + Convert.ToHexStringLower(trailer.Sha256.Span));
                    else
                    {
                        largestChunk = Math.Max(largestChunk, message.Chunk.Length);
                        message.Chunk.WriteTo(received);
                    }
                }
                return new Wire.UploadDatasetResponse
                {
                    Dataset = new Wire.Dataset { Name = "datasets/abc", TrainPhotoCount = 2 },
                    Problems =
                    {
                        new Wire.DatasetProblem
                        {
                            FileName = "rose/empty.jpg", Label = "rose", Reason = "EMPTY", Message = "No bytes.",
                            Severity = Wire.ProblemSeverity.LeftOut,
                        },
                    },
                    ProblemCount = 7,
                };
            },
        });
        var reports = new Reports();
        using var client = new BitClient(service.Address, new BitClientOptions { ChunkBytes = BitClientOptions.MinChunkBytes });

        var result = await client.UploadFolderAsync(folder.Path, "my photos", reports, Cancel);

        Assert.Equal(
            [
                "header my photos",
                $"photo daisy/large.png daisy Unspecified {large.Length}",
                $"trailer {Convert.ToHexStringLower(SHA256.HashData(large))}",
                "photo rose/empty.jpg rose Unspecified 0",
                $"trailer {Convert.ToHexStringLower(SHA256.HashData([]))}",
                "photo rose/small.jpg rose Unspecified 5",
                $"trailer {Convert.ToHexStringLower(SHA256.HashData("small"u8))}",
            ], log);
        Assert.Equal([.. large, .. Encoding.ASCII.GetBytes("small")], received.ToArray());
        Assert.Equal(BitClientOptions.MinChunkBytes, largestChunk);
        Assert.Equal("datasets/abc", result.Dataset.Name);
        Assert.Equal([new DatasetProblem("rose/empty.jpg", "rose", "EMPTY", "No bytes.", ProblemSeverity.LeftOut)], result.Problems);
        Assert.Equal(7, result.ProblemCount);
        Assert.Equal(new UploadProgress(3, 3, large.Length + 5, large.Length + 5), reports.Values[^1]);
    }

    [Fact]
    public async Task Upload_RefusedHalfway_ThrowsTheServicesReason()
    {
        using var folder = new TemporaryFolder();
        for (var photo = 0; photo < 40; photo++)
            Write(folder, $"{(photo % 2 == 0 ? "rose" : "daisy")}/{photo}.jpg", new byte[200_000]);
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Upload = async stream =>
            {
                await stream.MoveNext(Cancel);
                throw new RpcException(new Status(StatusCode.InvalidArgument, "The disk quota is used up."));
            },
        });
        using var client = new BitClient(service.Address);

        var failure = await Assert.ThrowsAsync<BitException>(() => client.UploadFolderAsync(folder.Path, cancellationToken: Cancel));

        Assert.Equal((StatusCode.InvalidArgument, "The disk quota is used up."), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task Upload_PhotoVanished_CancelsTheUpload()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "rose/a.jpg", [1]);
        Write(folder, "daisy/b.jpg", [2]);
        var photos = PhotoFolder.Read(folder.Path).Photos;
        File.Delete(photos[1].Path);
        var completed = new TaskCompletionSource<bool>();
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Upload = async stream =>
            {
                try
                {
                    while (await stream.MoveNext(Cancel))
                    {
                    }
                    completed.SetResult(true);
                }
                catch (Exception)
                {
                    completed.SetResult(false);
                }
                return new Wire.UploadDatasetResponse();
            },
        });
        using var client = new BitClient(service.Address);

        await Assert.ThrowsAsync<FileNotFoundException>(() => client.UploadPhotosAsync("x", photos, cancellationToken: Cancel));

        Assert.False(
            await completed.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel), "The service saw a complete upload without the photo.");
    }

    private static void Write(TemporaryFolder folder, string name, byte[] bytes)
    {
        var path = Path.Combine(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? folder.Path);
        File.WriteAllBytes(path, bytes);
    }

    private sealed class Reports : IProgress<UploadProgress>
    {
        public List<UploadProgress> Values { get; } = [];

        public void Report(UploadProgress value) => Values.Add(value);
    }
}
