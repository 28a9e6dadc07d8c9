using System.Security.Cryptography;
using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

public sealed class BlobStoreTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(128 * 1024)]
    [InlineData(128 * 1024 + 1)]
    [InlineData(1_000_000)]
    public async Task Put_AnyLength_ReadsBackTheSame(int length)
    {
        using var test = new TestWorkspace();
        var blobs = test.Workspace.Blobs;
        var content = new byte[length];
        new Random(length).NextBytes(content);

        var hash = blobs.Put(new MemoryStream(content), TestContext.Current.CancellationToken);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), hash);
        Assert.Equal(hash, await blobs.PutAsync(new MemoryStream(content), TestContext.Current.CancellationToken));
        Assert.Equal(hash, blobs.PutFile(blobs.PathOf(hash)));
        Assert.Equal(content, blobs.ReadAllBytes(hash));
        blobs.Verify(hash);
        Assert.Single(Directory.GetFiles(Path.Combine(test.Path, "blobs"), "*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(test.Workspace.TemporaryFolder));
    }

    [Fact]
    public async Task Put_SameContentFromManyThreads_KeepsOneWholeFile()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var content = new byte[300_000];

        var hashes = await Task.WhenAll(Enumerable.Range(0, 8).Select(index => Task.Run(
            () => (index % 2 == 0 ? test.Workspace : other).Blobs.Put(new MemoryStream(content)), TestContext.Current.CancellationToken)));

        var hash = Assert.Single(hashes.Distinct());
        Assert.Equal(content, other.Blobs.ReadAllBytes(hash));
    }

    [Fact]
    public void Read_ChangedFile_IsDetectedAndPutHealsIt()
    {
        using var test = new TestWorkspace();
        var blobs = test.Workspace.Blobs;
        var hash = test.PutText("a photo");
        var path = blobs.PathOf(hash);
        File.Delete(path);
        File.WriteAllText(path, "a ph0to");

        var failure = Assert.Throws<BlobCorruptException>(() => blobs.ReadAllBytes(hash));
        Assert.Throws<BlobCorruptException>(() => blobs.Verify(hash));
        test.PutText("a photo");

        Assert.Equal(hash, failure.Hash);
        Assert.Contains(path, failure.Message);
        blobs.Verify(hash);
    }

    [Fact]
    public void Read_Absent_Throws()
    {
        using var test = new TestWorkspace();
        var hash = new string('0', 64);

        Assert.False(test.Workspace.Blobs.Contains(hash));
        Assert.Equal(hash, Assert.Throws<BlobNotFoundException>(() => test.Workspace.Blobs.ReadAllBytes(hash)).Hash);
        Assert.Throws<BlobNotFoundException>(() => test.Workspace.Blobs.OpenRead(hash));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("../../../../../../../../../../../../../../../../../../etc/passwd")]
    [InlineData("ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789")]
    public void PathOf_NotAHash_Throws(string hash)
    {
        using var test = new TestWorkspace();

        Assert.Throws<ArgumentException>(() => test.Workspace.Blobs.PathOf(hash));
    }

    [Fact]
    public async Task Put_StreamThatFails_LeavesNothing()
    {
        using var test = new TestWorkspace();

        Assert.Throws<IOException>(() => test.Workspace.Blobs.Put(new FailingStream(200_000), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<IOException>(
            () => test.Workspace.Blobs.PutAsync(new FailingStream(200_000), TestContext.Current.CancellationToken));

        Assert.Empty(Directory.GetFiles(test.Path, "*.tmp", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(Path.Combine(test.Path, "blobs"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Put_Cancelled_LeavesNothing()
    {
        using var test = new TestWorkspace();

        Assert.Throws<OperationCanceledException>(
            () => test.Workspace.Blobs.Put(new MemoryStream(new byte[10]), new CancellationToken(canceled: true)));

        Assert.Empty(Directory.GetFiles(test.Workspace.TemporaryFolder));
    }

    [Fact]
    public void Put_Blob_IsReadOnly()
    {
        using var test = new TestWorkspace();

        var blob = new FileInfo(test.Workspace.Blobs.PathOf(test.PutText("a photo")));

        // Windows cannot rename over a read-only file, so there it stays writable.
        Assert.Equal(!OperatingSystem.IsWindows(), blob.IsReadOnly);
    }

    [Fact]
    public void Open_TemporaryFilesOfDeadProcesses_AreDeletedWhenOld()
    {
        using var test = new TestWorkspace();
        var old = Path.Combine(test.Workspace.TemporaryFolder, "old.blob.tmp");
        var young = Path.Combine(test.Workspace.TemporaryFolder, "young.blob.tmp");
        var foreign = Path.Combine(test.Workspace.TemporaryFolder, "foreign");
        foreach (var path in (string[])[old, young, foreign])
            File.WriteAllText(path, "half");
        foreach (var path in (string[])[old, foreign])
            File.SetLastWriteTimeUtc(path, File.GetLastWriteTimeUtc(young) - TimeSpan.FromDays(2));

        test.OpenAgain();

        Assert.Equal([foreign, young], Directory.GetFiles(test.Workspace.TemporaryFolder).Order());
    }

    /// <summary>Gives some bytes and then fails, as a full disk or a lost connection does.</summary>
    private sealed class FailingStream(int length) : Stream
    {
        private int _left = length;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_left == 0)
                throw new IOException("No space left on device");
            var read = Math.Min(count, _left);
            _left -= read;
            return read;
        }

        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
