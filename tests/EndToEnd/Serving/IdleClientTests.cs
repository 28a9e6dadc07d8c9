using System.Security.Cryptography;
using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Clients that send or take nothing are let go. Their servers are impatient, so no other test shares them.</summary>
public sealed class IdleClientTests
{
    // Long enough that a client which does send is not taken for an idle one, on a machine that stands still for seconds.
    private const string UploadTimeout = "00:00:06";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Uploads_ThatSendNothing_AreEndedAndLeaveTheConnectionWell()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, "--Limits:UploadIdleTimeout", UploadTimeout);
        using var channel = server.Connect();
        var (datasets, models) = (new DatasetService.DatasetServiceClient(channel), new ModelService.ModelServiceClient(channel));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            using var call = datasets.UploadDataset(cancellationToken: Token);
            await call.RequestStream.WriteAsync(new UploadDatasetRequest { Header = new DatasetHeader() }, Token);
            await RpcAssert.FailsAsync(StatusCode.DeadlineExceeded, "UPLOAD_IDLE", () => call.ResponseAsync);
        }).Append(RpcAssert.FailsAsync(StatusCode.DeadlineExceeded, "UPLOAD_IDLE", () => models.SendAsync(
        [
            new ImportModelVersionRequest { Header = new ImportHeader { Model = "models/imported", Network = "bit-tiny" } },
            new ImportModelVersionRequest { Data = ByteString.CopyFrom((byte)'P', (byte)'K', 3, 4) },
        ], completes: false))));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder.Path, "tmp")));

        // The server reuses streams of the connection: a read left behind by an ended upload would take bytes of these.
        var uploads = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(index => datasets.UploadAsync("after", Uploads.TwoColours(10 + index))));
        Assert.Equal(8, uploads.Select(upload => upload.Dataset.Name).Distinct().Count());
    }

    [Fact]
    public async Task Download_WhileAsManyRunAsMay_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, "--Limits:MaxConcurrentDownloads", "1", "--Limits:DownloadIdleTimeout", "01:00:00");
        using var channel = server.Connect();
        var models = new ModelService.ModelServiceClient(channel);
        ImportLarge(folder.Path);
        using (var first = models.DownloadModelVersion(Large, cancellationToken: Token))
        {
            Assert.True(await first.ResponseStream.MoveNext(Token));
            var refusal = await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, "TOO_MANY_DOWNLOADS", () => models.DownloadAsync(Large.Name, ModelFile.Weights));
            Assert.Contains("Limits:MaxConcurrentDownloads = 1", refusal.Message, StringComparison.Ordinal);
        }

        // The first client has left.
        await Eventually.HoldsAsync(() => DownloadsAsync(models), () => server.Log);
    }

    [Fact]
    public async Task Download_ClientThatTakesNothing_IsCutAndItsPlaceIsFree()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, "--Limits:MaxConcurrentDownloads", "1", "--Limits:DownloadIdleTimeout", "00:00:02");
        using var channel = server.Connect();
        var models = new ModelService.ModelServiceClient(channel);
        ImportLarge(folder.Path);
        using var idle = models.DownloadModelVersion(Large, cancellationToken: Token);
        Assert.True(await idle.ResponseStream.MoveNext(Token));

        await Eventually.HoldsAsync(() => DownloadsAsync(models), () => server.Log);

        Assert.Contains("nothing was taken", server.Log, StringComparison.Ordinal);
    }

    private static DownloadModelVersionRequest Large => new() { Name = "models/large/versions/2", File = ModelFile.Weights };

    // Far more than the windows and buffers between client and server hold.
    private static void ImportLarge(string folder)
    {
        using var workspace = Workspace.Open(folder, TimeProvider.System);
        var source = TinyModels.ImportFull(workspace, "large", "red", "green", "blue");
        var weights = workspace.Blobs.Put(new MemoryStream(RandomNumberGenerator.GetBytes(64 << 20)), Token);
        workspace.Models.Import("large", source.Manifest with { Weights = weights });
    }

    // False if there was no place, or if this machine stood still for so long that the server took this client for an idle one.
    private static async Task<bool> DownloadsAsync(ModelService.ModelServiceClient models)
    {
        try
        {
            return (await models.DownloadAsync(Large.Name, ModelFile.Weights)).Content.Length == 64 << 20;
        }
        catch (RpcException failure) when (failure.StatusCode is StatusCode.ResourceExhausted or StatusCode.DeadlineExceeded)
        {
            return false;
        }
    }
}
