using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

[Collection(ServerCollection.Name)]
public sealed class DatasetTests(ServerFixture server)
{
    private static readonly CallOptions Options = new(cancellationToken: TestContext.Current.CancellationToken);

    [Fact]
    public async Task Upload_WithBadFilesAmongGood_KeepsTheGoodAndListsTheOthers()
    {
        var good = Drawings.Png(SKColors.Green, 1);
        var jpeg = Drawings.Jpeg(SKColors.Green, 2);
        var response = await server.Datasets.UploadAsync("colours", [
            .. Uploads.TwoColours(1),
            .. Uploads.Photo("notes.txt", "red", "These are notes, not an image."u8.ToArray()),
            .. Uploads.Photo("../../../etc/passwd", "green", good, Split.Train),
            .. Uploads.Photo("half.jpg", "green", jpeg[..(jpeg.Length / 2)]),
            .. Uploads.Photo("empty.png", "red", []),
            .. Uploads.Photo("large.png", "red", new byte[200_001]),
            .. Uploads.Photo("huge.png", "red", PngHeader(30_000, 30_000)),
            .. Uploads.Photo("short.png", "red", Drawings.Png(SKColors.Red, 77), byteCount: 5),
            .. Uploads.Photo("held-out.png", "green", Drawings.Png(SKColors.Green, 3), Split.Validation,
                Drawings.Png(SKColors.Green, 3).Length)]);

        Assert.Equal(
            ["notes.txt NOT_AN_IMAGE", "half.jpg TRUNCATED", "empty.png EMPTY", "large.png TOO_MANY_BYTES", "huge.png SIDE_TOO_LONG",
             "short.png BYTE_COUNT_MISMATCH"],
            response.Problems.Where(problem => problem.FileName.Length > 0).Select(photo => $"{photo.FileName} {photo.Reason}"));
        Assert.Equal(["blue FEW_PHOTOS Note", "green FEW_PHOTOS Note", "red FEW_PHOTOS Note"],
            response.Problems.Take(3).Select(problem => $"{problem.Label} {problem.Reason} {problem.Severity}"));
        Assert.All(response.Problems.Skip(3), problem => Assert.Equal(ProblemSeverity.LeftOut, problem.Severity));
        Assert.All(response.Problems, photo => Assert.NotEmpty(photo.Message));
        Assert.Equal(9, response.ProblemCount);
        Assert.Equal(9, response.Dataset.ProblemCount);
        Assert.Equal(["blue 6/0", "green 1/1", "red 6/0"],
            response.Dataset.Classes.Select(item => $"{item.Label} {item.TrainPhotoCount}/{item.ValidationPhotoCount}"));
        Assert.Equal(40 * 32, response.Dataset.MedianArea);
        Assert.Equal(response.Dataset,
            await server.Datasets.GetDatasetAsync(new GetDatasetRequest { Name = response.Dataset.Name }, Options));
        Assert.False(File.Exists(Path.Combine(server.Workspace.Path, "etc", "passwd")));
    }

    [Fact]
    public async Task Upload_OfTheSamePhotos_GivesTheSameName()
    {
        var first = await server.Datasets.UploadAsync("first", Uploads.TwoColours(2));
        var second = await server.Datasets.UploadAsync("second", Uploads.TwoColours(2));

        Assert.Equal(first.Dataset.Name, second.Dataset.Name);
        Assert.Equal(10, first.Dataset.TrainPhotoCount);
        Assert.Equal(2, first.Dataset.ValidationPhotoCount);
    }

    [Fact]
    public async Task Upload_OfOneClassOnly_IsRefusedAndSaysWhatWasLeftOut()
    {
        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "DATASET_NOT_USABLE", () => server.Datasets.UploadAsync("one", [
            .. Uploads.Photo("a.png", "red", Drawings.Png(SKColors.Red)), .. Uploads.Photo("b.png", "blue", [1, 2, 3])]));

        Assert.Contains("'b.png' (NOT_AN_IMAGE)", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_InTheWrongOrder_IsRefused()
    {
        var header = new UploadDatasetRequest { Header = new DatasetHeader() };
        UploadDatasetRequest[][] streams = [
            [],
            [.. Uploads.Photo("a.png", "red", [1])],
            [header, header],
            [header, new UploadDatasetRequest { Chunk = ByteString.CopyFrom(1) }],
            [header, new UploadDatasetRequest()],
            [header, .. Uploads.Photo("a.png", "", [1])],
            [header, .. Uploads.Photo("a.png", "red", [1], (Split)7)]];

        foreach (var stream in streams)
            await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => server.Datasets.SendAsync(stream));
    }

    [Fact]
    public async Task List_InPagesOfOne_GivesEveryDatasetOnce()
    {
        await server.Datasets.UploadAsync("p1", Uploads.TwoColours(3));
        await server.Datasets.UploadAsync("p2", Uploads.TwoColours(4));
        var names = new List<string>();
        var token = "";
        do
        {
            var page = await server.Datasets.ListDatasetsAsync(new ListDatasetsRequest { PageSize = 1, PageToken = token }, Options);
            names.Add(Assert.Single(page.Datasets).Name);
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.True(names.Count >= 2);
        Assert.Equal(names.Count, names.Distinct().Count());
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_PAGE_TOKEN",
            () => server.Datasets.ListDatasetsAsync(new ListDatasetsRequest { PageToken = "forged" }, Options).ResponseAsync);
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST",
            () => server.Datasets.ListDatasetsAsync(new ListDatasetsRequest { PageSize = -1 }, Options).ResponseAsync);
    }

    [Fact]
    public async Task Get_UnknownDataset_IsNotFound() => await RpcAssert.FailsAsync(StatusCode.NotFound, "DATASET_NOT_FOUND",
        () => server.Datasets.GetDatasetAsync(new GetDatasetRequest { Name = $"datasets/{new string('0', 64)}" }, Options).ResponseAsync);

    // Signature, IHDR and nothing else: what a decompression bomb begins with.
    private static byte[] PngHeader(int width, int height)
    {
        byte[] content = [
            0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R',
            (byte)(width >> 24), (byte)(width >> 16), (byte)(width >> 8), (byte)width,
            (byte)(height >> 24), (byte)(height >> 16), (byte)(height >> 8), (byte)height, 8, 2, 0, 0, 0];
        return [.. content, .. BitConverter.GetBytes(0), .. new byte[64]];
    }
}
