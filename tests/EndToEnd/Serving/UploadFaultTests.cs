using BiT.Core.Store;
using BiT.Protocol.V1;
using Grpc.Core;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Uploads that break: nothing is half there afterwards.</summary>
public sealed class UploadFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_CutInTheMiddle_LeavesNothingAndFreesItsSlot()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path, "--Limits:MaxConcurrentUploads", "1");
        using var channel = server.Connect();
        var client = new DatasetService.DatasetServiceClient(channel);
        // More than the connection holds unread: what was written was being read, so that the slot is taken.
        var large = new byte[8 << 20];
        foreach (var messages in new[]
        {
            Uploads.Archive("cut", Uploads.Zip([.. Uploads.TwoFolders(1), ("red/large.png", large)])),
            Whole("cut", [.. Uploads.TwoColours(1), .. Uploads.Photo("large.png", "red", large, chunkBytes: 64 << 10)]),
        })
        {
            using (var call = client.UploadDataset(cancellationToken: Token))
            {
                foreach (var message in messages.SkipLast(2))
                    await call.RequestStream.WriteAsync(message, Token);
                await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, "TOO_MANY_UPLOADS",
                    () => client.UploadAsync("second", Uploads.TwoColours(2)));
            }

            // The slot is free once the server has noticed.
            await Eventually.HoldsAsync(async () =>
            {
                try
                {
                    await client.UploadAsync("after", Uploads.TwoColours(2));
                    return true;
                }
                catch (RpcException busy) when (busy.StatusCode == StatusCode.ResourceExhausted)
                {
                    return false;
                }
            });
            Assert.Empty(Directory.EnumerateFiles(Path.Combine(folder.Path, "tmp")));
        }

        using var workspace = Workspace.Open(folder.Path, TimeProvider.System);
        Assert.Equal(["after"], workspace.Datasets.List(0, null).Items.Select(dataset => dataset.DisplayName));
    }

    [Fact]
    public async Task Server_KilledDuringAnArchive_LeavesAFileThatTheNextStartRemoves()
    {
        using var folder = new TemporaryFolder();
        var temporary = Path.Combine(folder.Path, "tmp");
        await using (var server = await ServerProcess.StartAsync(folder.Path))
        {
            using var channel = server.Connect();
            using var call = new DatasetService.DatasetServiceClient(channel).UploadDataset(cancellationToken: Token);
            foreach (var message in Uploads.Archive("killed", new byte[1 << 20]).SkipLast(1))
                await call.RequestStream.WriteAsync(message, Token);
            await Eventually.HoldsAsync(() => Task.FromResult(
                Directory.EnumerateFiles(temporary).Any(path => new FileInfo(path).Length > 0)));
            await server.KillAsync();
        }
        Assert.Single(Directory.EnumerateFiles(temporary, "*.spool.tmp"));

        await using (await ServerProcess.StartAsync(folder.Path))
        {
            Assert.Empty(Directory.EnumerateFiles(temporary));
        }
        using var workspace = Workspace.Open(folder.Path, TimeProvider.System);
        Assert.Empty(workspace.Datasets.List(0, null).Items);
    }

    [Fact]
    public async Task Upload_OntoAFullDisk_SaysSoAndLeavesRoomForALaterOne()
    {
        Assert.SkipUnless(await ServerProcess.CanMountAsync(), "This machine does not let a user mount a disk of a few megabytes (unshare -rm, tmpfs).");
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartOnSmallDiskAsync(folder.Path, 6);
        using var channel = server.Connect();
        var client = new DatasetService.DatasetServiceClient(channel);
        // The disk as the server sees it; from outside the folder stays empty.
        var seen = $"/proc/{server.ProcessId}/root{folder.Path}";
        Assert.True(File.Exists(Path.Combine(seen, "bit.db")));

        await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, "DISK_FULL",
            () => client.SendAsync(Uploads.Archive("large", new byte[8 << 20])));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(seen, "tmp")));
        await client.UploadAsync("small", Uploads.TwoColours(1));

        await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, "DISK_FULL",
            () => client.UploadAsync("many", Enumerable.Range(0, 200).SelectMany(index =>
                Uploads.Photo($"{index}.bmp", index % 2 == 0 ? "even" : "odd", Bmp(index)))));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(seen, "tmp")));
        var listed = await client.ListDatasetsAsync(new ListDatasetsRequest(), cancellationToken: Token);
        Assert.Equal("small", Assert.Single(listed.Datasets).DisplayName);
    }

    [Fact]
    public async Task Upload_OfTheSameSetTwiceAtOnce_StoresItOnce()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path);
        using var channel = server.Connect();
        var client = new DatasetService.DatasetServiceClient(channel);
        var bad = Uploads.Photo("bad.png", "red", [1, 2, 3]);

        var uploads = await Task.WhenAll(
            client.UploadAsync("first", Uploads.TwoColours(5).Concat(bad)), client.UploadAsync("second", Uploads.TwoColours(5).Concat(bad)),
            client.SendAsync(Uploads.Archive("third", Uploads.Zip([.. Uploads.TwoFolders(5), ("red/bad.png", [1, 2, 3])]))));

        Assert.Single(uploads.Select(upload => upload.Dataset.Name).Distinct());
        Assert.Single((await client.ListDatasetsAsync(new ListDatasetsRequest(), cancellationToken: Token)).Datasets);
        var problems = await client.ListDatasetProblemsAsync(
            new ListDatasetProblemsRequest { Parent = uploads[0].Dataset.Name }, cancellationToken: Token);
        Assert.Equal("NOT_AN_IMAGE", Assert.Single(problems.Problems).Reason);
    }

    private static IEnumerable<UploadDatasetRequest> Whole(string displayName, IEnumerable<UploadDatasetRequest> messages)
        => messages.Prepend(new UploadDatasetRequest { Header = new DatasetHeader { DisplayName = displayName } });

    // 200 x 200 x 3 bytes that do not shrink.
    private static byte[] Bmp(int mark)
    {
        const int Side = 200;
        var bmp = new byte[54 + (Side * Side * 3)];
        "BM"u8.CopyTo(bmp);
        foreach (var (offset, value) in ((int, int)[])[(2, bmp.Length), (10, 54), (14, 40), (18, Side), (22, Side), (26, 1 | (24 << 16)), (54, mark)])
            BitConverter.TryWriteBytes(bmp.AsSpan(offset), value);
        return bmp;
    }
}
