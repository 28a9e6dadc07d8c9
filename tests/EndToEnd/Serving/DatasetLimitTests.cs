using BiT.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>A server with narrow limits.</summary>
public sealed class NarrowServer : IAsyncLifetime
{
    public const int MaxPhotos = 6;
    public const int MaxClasses = 3;
    public const int MaxImageBytes = 2000;
    public const int MaxDatasetBytes = 8000;
    public const int MaxRejected = 2;

    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _server;
    private GrpcChannel? _channel;

    public DatasetService.DatasetServiceClient Datasets => new(_channel ?? throw new InvalidOperationException("Not started."));

    public async ValueTask InitializeAsync()
    {
        // 40 x 32 pixels are what Drawings draws.
        _server = await ServerProcess.StartAsync(_folder.Path, "--Limits:MaxDatasetPhotos", $"{MaxPhotos}",
            "--Limits:MaxDatasetClasses", $"{MaxClasses}", "--Limits:MaxImageBytes", $"{MaxImageBytes}",
            "--Limits:MaxDatasetBytes", $"{MaxDatasetBytes}", "--Limits:MaxRejectedPhotos", $"{MaxRejected}",
            "--Limits:MaxImagePixels", "1280", "--Limits:MaxImageSide", "40");
        _channel = _server.Connect();
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>Every limit below, at and above, for photos one by one and for an archive.</summary>
public sealed class DatasetLimitTests(NarrowServer server) : IClassFixture<NarrowServer>
{
    [Theory]
    [InlineData(NarrowServer.MaxPhotos - 1, null)]
    [InlineData(NarrowServer.MaxPhotos, null)]
    [InlineData(NarrowServer.MaxPhotos + 1, "MaxDatasetPhotos = 6")]
    public Task Upload_Photos(int count, string? violation) => CheckAsync(violation, Enumerable.Range(0, count)
        .Select(index => ($"{(index % 2 == 0 ? "red" : "blue")}/{index}.png", Drawings.Png(SKColors.Red, index))));

    [Theory]
    [InlineData(NarrowServer.MaxClasses - 1, null)]
    [InlineData(NarrowServer.MaxClasses, null)]
    [InlineData(NarrowServer.MaxClasses + 1, "MaxDatasetClasses = 3")]
    public Task Upload_Classes(int count, string? violation) => CheckAsync(violation, Enumerable.Range(0, count)
        .Select(index => ($"class{index}/1.png", Drawings.Png(SKColors.Red, index))));

    [Theory]
    [InlineData(NarrowServer.MaxRejected - 1, null)]
    [InlineData(NarrowServer.MaxRejected, null)]
    [InlineData(NarrowServer.MaxRejected + 1, "MaxRejectedPhotos = 2")]
    public Task Upload_Rejected(int count, string? violation) => CheckAsync(violation,
        [.. Two, .. Enumerable.Range(0, count).Select(index => ($"red/bad{index}.png", new byte[] { 1 }))]);

    [Theory]
    [InlineData(199, null)]
    [InlineData(200, null)]
    [InlineData(201, "expected 1 to 200")]
    public Task Upload_Label(int length, string? violation) =>
        CheckAsync(violation, [.. Two, ($"{new string('l', length)}/1.png", Drawings.Png(SKColors.Green))]);

    [Theory]
    [InlineData(NarrowServer.MaxImageBytes - 1, null)]
    [InlineData(NarrowServer.MaxImageBytes, null)]
    [InlineData(NarrowServer.MaxImageBytes + 1, "TOO_MANY_BYTES")]
    public Task Upload_BytesOfAPhoto(int length, string? problem) =>
        CheckLeftOutAsync(problem, [.. Two, ("red/padded.png", Padded(Drawings.Png(SKColors.Red, 7), length))]);

    [Theory]
    [InlineData(39, 32, null)]
    [InlineData(40, 32, null)]
    [InlineData(40, 33, "TOO_MANY_PIXELS")]
    [InlineData(41, 2, "SIDE_TOO_LONG")]
    public Task Upload_Pixels(int width, int height, string? problem) => CheckLeftOutAsync(problem, [.. Two, ("red/size.png", Png(width, height))]);

    // The file name has no limit of its own in an archive: there it is a problem of the file.
    [Theory]
    [InlineData(399, false)]
    [InlineData(400, false)]
    [InlineData(401, true)]
    public async Task Upload_FileName(int length, bool isTooLong)
    {
        var name = "red/" + new string('n', length - 4);
        var photo = Drawings.Png(SKColors.Green);
        var archive = await server.Datasets.SendAsync(Uploads.Archive("", Uploads.Zip([.. Two, (name, photo)])));
        Assert.Equal(isTooLong, archive.Problems.Any(problem => problem.Reason == "NAME_TOO_LONG"));

        var stream = server.Datasets.UploadAsync("", [.. Photos(Two), .. Uploads.Photo(name, "red", photo)]);
        if (isTooLong)
            await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => stream);
        else
            Assert.Equal(archive.Dataset.Name, (await stream).Dataset.Name);
    }

    // An archive is a little larger than what it holds, so its limit is reached a little earlier.
    [Theory]
    [InlineData(NarrowServer.MaxDatasetBytes - 1, false)]
    [InlineData(NarrowServer.MaxDatasetBytes, false)]
    [InlineData(NarrowServer.MaxDatasetBytes + 1, true)]
    public async Task Upload_BytesOfADataSet(int length, bool isTooLarge)
    {
        var photos = Enumerable.Range(0, 4).Select(index => (Name: $"{(index % 2 == 0 ? "red" : "blue")}/{index}.png",
            Content: Padded(Drawings.Png(SKColors.Red, index), 1900))).ToList();
        photos.Add(("red/last.png", Padded(Drawings.Png(SKColors.Red, 9), length - (4 * 1900))));
        var stream = server.Datasets.UploadAsync("", Photos(photos));
        var archive = server.Datasets.SendAsync(Uploads.Archive("", Padded(Uploads.Zip(photos), length)));

        Assert.Contains("MaxDatasetBytes = 8,000", (await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST",
            () => server.Datasets.SendAsync(Uploads.Archive("", Uploads.Zip(photos))))).Message, StringComparison.Ordinal);
        if (isTooLarge)
        {
            await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => stream);
            await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => archive);
            return;
        }
        Assert.Equal(length, (await stream).Dataset.ByteCount);
        // Of the right length, and cut off: it is read, and refused for that.
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "ARCHIVE_REFUSED", () => archive);
    }

    private static (string Name, byte[] Content)[] Two =>
        [("red/a.png", Drawings.Png(SKColors.Red, 100)), ("blue/a.png", Drawings.Png(SKColors.Blue, 100))];

    private async Task CheckAsync(string? violation, IEnumerable<(string Name, byte[] Content)> photos)
    {
        Func<Task<UploadDatasetResponse>>[] ways = [
            () => server.Datasets.UploadAsync("", Photos(photos)), () => server.Datasets.SendAsync(Uploads.Archive("", Uploads.Zip(photos)))];
        foreach (var way in ways)
        {
            if (violation is null)
                Assert.NotEmpty((await way()).Dataset.Name);
            else
                Assert.Contains(violation, (await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", way)).Message, StringComparison.Ordinal);
        }
    }

    private async Task CheckLeftOutAsync(string? problem, IEnumerable<(string Name, byte[] Content)> photos)
    {
        UploadDatasetResponse[] responses = [
            await server.Datasets.UploadAsync("", Photos(photos)), await server.Datasets.SendAsync(Uploads.Archive("", Uploads.Zip(photos)))];
        foreach (var response in responses)
            Assert.Equal(problem is null ? [] : [problem], response.Problems.Where(item => item.FileName.Length > 0).Select(item => item.Reason));
    }

    private static IEnumerable<UploadDatasetRequest> Photos(IEnumerable<(string Name, byte[] Content)> photos)
        => photos.SelectMany(photo => Uploads.Photo(photo.Name, photo.Name.Split('/')[0], photo.Content));

    // Decoders stop at the end of the picture.
    private static byte[] Padded(byte[] content, int length) => [.. content[..Math.Min(content.Length, length)], .. new byte[Math.Max(0, length - content.Length)]];

    private static byte[] Png(int width, int height)
    {
        using var bitmap = new SKBitmap(width, height);
        bitmap.Erase(SKColors.Red);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 90);
        return data.ToArray();
    }
}
