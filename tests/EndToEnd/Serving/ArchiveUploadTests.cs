using BiT.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

[Collection(ServerCollection.Name)]
public sealed class ArchiveUploadTests(ServerFixture server)
{
    [Fact]
    public async Task Upload_Archive_GivesTheSameDataSetAsThePhotos()
    {
        var streamed = await server.Datasets.UploadAsync("photos", Uploads.TwoColours(60));
        var packed = await server.Datasets.SendAsync(Uploads.Archive("archive", Uploads.Zip(Uploads.TwoFolders(60))));

        Assert.Equal(streamed.Dataset.Name, packed.Dataset.Name);
        Assert.Empty(packed.Problems);
        Assert.Empty(Directory.EnumerateFiles(server.Workspace.TemporaryFolder, "*.spool.tmp"));
    }

    [Fact]
    public async Task Upload_ArchiveWithBadFiles_KeepsTheGoodAndReportsTheOthers()
    {
        var green = Drawings.Png(SKColors.Green, 61);
        var response = await server.Datasets.SendAsync(Uploads.Archive("mixed", Uploads.Zip([
            .. Uploads.TwoFolders(61), ("README.txt", [1]), ("red/notes.txt", "Notes."u8.ToArray()), ("green/1.png", green),
            ("green/again.png", green), ("green/large.png", new byte[200_001]), ("red/" + new string('n', 400), green),
            ("red/also-green.png", green), ("black/1.png", Drawings.Png(SKColors.Black)[..60])])));

        Assert.Equal(["black/NO_TRAINING_PHOTOS", "green/FEW_PHOTOS", "README.txt/NO_CLASS", "red/notes.txt/NOT_AN_IMAGE",
            "green/again.png/DUPLICATE", "green/large.png/TOO_MANY_BYTES", "/NAME_TOO_LONG", "red/also-green.png/SEVERAL_LABELS",
            "black/1.png/TRUNCATED"], response.Problems.Select(problem =>
                $"{(problem.Reason == "NAME_TOO_LONG" ? "" : problem.FileName.Length > 0 ? problem.FileName : problem.Label)}/{problem.Reason}"));
        Assert.Equal(["blue", "green", "red"], response.Dataset.Classes.Select(item => item.Label));
        Assert.Equal(9, response.Dataset.ProblemCount);
    }

    [Theory]
    [InlineData("UNSAFE_NAME", "../../red/1.png")]
    [InlineData("DUPLICATE_NAME", "red/1.png")]
    public async Task Upload_HostileArchive_IsRefusedAsAWholeAndLeavesNothing(string problem, string name)
    {
        var before = server.Workspace.Datasets.List(1000, null).Items.Count;
        var zip = Uploads.Zip([.. Uploads.TwoFolders(62), (name, Drawings.Png(SKColors.Green))]);

        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "ARCHIVE_REFUSED",
            () => server.Datasets.SendAsync(Uploads.Archive("hostile", zip)));

        Assert.Equal(problem, status.GetDetail<ErrorInfo>().Metadata["problem"]);
        Assert.Contains($"'{name}'", status.Message, StringComparison.Ordinal);
        Assert.Equal(before, server.Workspace.Datasets.List(1000, null).Items.Count);
        Assert.Empty(Directory.EnumerateFiles(server.Workspace.TemporaryFolder, "*.spool.tmp"));
    }

    [Fact]
    public async Task Upload_WithTheWrongChecksum_LosesThePhotoOrTheArchive()
    {
        var wrong = new byte[32];
        await RpcAssert.FailsAsync(StatusCode.DataLoss, "CHECKSUM_MISMATCH",
            () => server.Datasets.SendAsync(Uploads.Archive("changed", Uploads.Zip(Uploads.TwoFolders(63)), wrong)));

        var response = await server.Datasets.UploadAsync("changed", [
            .. Uploads.TwoColours(63), .. Uploads.Photo("changed.png", "red", Drawings.Png(SKColors.Red, 999)), Uploads.Trailer(wrong),
            .. Uploads.Photo("whole.png", "red", Drawings.Png(SKColors.Red, 998)),
            Uploads.Trailer(System.Security.Cryptography.SHA256.HashData(Drawings.Png(SKColors.Red, 998)))]);

        var problem = Assert.Single(response.Problems);
        Assert.Equal(("changed.png", "CHECKSUM_MISMATCH", ProblemSeverity.LeftOut), (problem.FileName, problem.Reason, problem.Severity));
        Assert.Equal(13, response.Dataset.TrainPhotoCount + response.Dataset.ValidationPhotoCount);
    }

    [Fact]
    public async Task Upload_InTheWrongOrder_IsRefused()
    {
        var archive = new UploadDatasetRequest { Header = new DatasetHeader { Archive = ArchiveFormat.Zip } };
        var photos = new UploadDatasetRequest { Header = new DatasetHeader() };
        var chunk = new UploadDatasetRequest { Chunk = ByteString.CopyFrom(1) };
        var trailer = Uploads.Trailer(new byte[32]);
        UploadDatasetRequest[][] streams = [
            [new UploadDatasetRequest { Header = new DatasetHeader { Archive = (ArchiveFormat)7 } }],
            [new UploadDatasetRequest { Header = new DatasetHeader { DisplayName = "line\nfeed" } }],
            [archive, .. Uploads.Photo("a.png", "red", [1])],
            [archive, chunk, trailer, chunk],
            [archive, chunk, trailer, trailer],
            [photos, trailer],
            [photos, .. Uploads.Photo("a.png", "red", [1]), trailer, chunk],
            [photos, .. Uploads.Photo("a.png", "red", [1]), Uploads.Trailer(new byte[31])],
            [photos, .. Uploads.Photo("a.png", "  ", [1])],
            [photos, .. Uploads.Photo("a.png", "red\u001b", [1])]];

        foreach (var stream in streams)
            await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", () => server.Datasets.SendAsync(stream));
        await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "ARCHIVE_REFUSED", () => server.Datasets.SendAsync([archive]));
    }
}
