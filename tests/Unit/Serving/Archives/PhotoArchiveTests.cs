using System.IO.Compression;
using BiT.Core.Store;
using BiT.Serving.Archives;
using BiT.Serving.Startup;

namespace BiT.Tests.Unit.Serving.Archives;

public sealed class PhotoArchiveTests
{
    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Open_GoodArchive_GivesEveryPhotoWithItsBytes(CompressionLevel level)
    {
        var read = ZipFiles.Open(ZipFiles.Of(level, ZipFiles.Good), new LimitOptions(), ReadAll);

        Assert.Equal(ZipFiles.Good.Select(entry => (entry.Name, entry.Name.Split('/')[0], Convert.ToHexString(entry.Content))),
            read.Select(photo => (photo.Name, photo.Label, Convert.ToHexString(photo.Content))));
    }

    [Fact]
    public void Open_Zip64_ReadsTheSame() => Assert.Equal(4, ZipFiles.Open(
        ZipFiles.AsZip64(ZipFiles.Of(ZipFiles.Good)), new LimitOptions(), archive => archive.Photos.Count));

    [Theory]
    [InlineData("../x.jpg", "leads out of its folder")]
    [InlineData("rose/../../x.jpg", "leads out of its folder")]
    [InlineData("rose/..", "leads out of its folder")]
    [InlineData("/etc/passwd", "is absolute")]
    [InlineData("C:/x.jpg", "is absolute")]
    [InlineData("c:x.jpg", "is absolute")]
    [InlineData("rose\\1.jpg", "has a backslash")]
    [InlineData("..\\x.jpg", "has a backslash")]
    [InlineData("rose//1.jpg", "has a folder without a name")]
    [InlineData("rose/\u001b[31m.jpg", "has control characters")]
    [InlineData("rose/a\0.jpg", "has control characters")]
    public void Open_NameThatCouldDoHarm_IsRefused(string name, string why)
    {
        var refusal = ZipFiles.Refused(ZipFiles.Of([.. ZipFiles.Good, (name, [1])]));

        Assert.Equal(ArchiveProblem.UnsafeName, refusal.Problem);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(refusal.Message, char.IsControl);
    }

    [Theory]
    [InlineData(0xA1FF, true)]
    [InlineData(0x21A4, true)]
    [InlineData(0x11A4, true)]
    [InlineData(0xC1A4, true)]
    [InlineData(0x81A4, false)]
    [InlineData(0x41ED, false)]
    [InlineData(0, false)]
    public void Open_EntryThatIsNoPlainFile_IsRefused(int mode, bool isRefused)
    {
        var zip = ZipFiles.WithMode(ZipFiles.Of(ZipFiles.Good), mode);

        if (isRefused)
            Assert.Equal(ArchiveProblem.NotAFile, ZipFiles.Refused(zip).Problem);
        else
            Assert.Equal(4, ZipFiles.Open(zip, new LimitOptions(), archive => archive.Photos.Count));
    }

    [Fact]
    public void Open_EncryptedEntry_IsRefused() =>
        Assert.Equal(ArchiveProblem.Encrypted, ZipFiles.Refused(ZipFiles.Encrypted(ZipFiles.Of(ZipFiles.Good))).Problem);

    [Theory]
    [InlineData("rose/1.jpg")]
    [InlineData("./rose/1.jpg")]
    public void Open_SameNameTwice_IsRefused(string name)
    {
        var refusal = ZipFiles.Refused(ZipFiles.Of([.. ZipFiles.Good, (name, [9])]));

        Assert.Equal(ArchiveProblem.DuplicateName, refusal.Problem);
        Assert.Contains($"'{name}'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    [InlineData(6, true)]
    public void Open_EntriesAroundTheLimit_AreCountedBeforeTheyAreRead(int limit, bool isTaken)
    {
        var zip = ZipFiles.Of([.. ZipFiles.Good, ("rose/3.jpg", [1])]);
        var limits = new LimitOptions { MaxArchiveEntries = limit };

        if (isTaken)
        {
            Assert.Equal(5, ZipFiles.Open(zip, limits, archive => archive.Photos.Count));
            return;
        }
        var refusal = ZipFiles.Refused(zip, limits);
        Assert.Equal(ArchiveProblem.TooManyEntries, refusal.Problem);
        Assert.Contains("MaxArchiveEntries = 4", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_DirectoryThatDeclaresFewerEntriesThanItHas_IsRefusedAtTheLimit()
    {
        var zip = ZipFiles.WithCount(ZipFiles.OfNames([.. Enumerable.Range(0, 100).Select(index => $"rose/{index}.jpg")]), 3);

        Assert.Equal(ArchiveProblem.TooManyEntries, ZipFiles.Refused(zip, new LimitOptions { MaxArchiveEntries = 50 }).Problem);
        Assert.Equal(ArchiveProblem.Damaged, ZipFiles.Refused(zip).Problem);
    }

    [Fact]
    public void Open_MillionEntriesDeclared_IsRefusedWithoutReadingThem() => Assert.Equal(ArchiveProblem.TooManyEntries,
        ZipFiles.Refused(ZipFiles.AsZip64(ZipFiles.Of(ZipFiles.Good), 1_000_000)).Problem);

    [Fact]
    public void Open_AnyTruncation_IsRefusedAsDamaged()
    {
        var zip = ZipFiles.Of(ZipFiles.Good);

        for (var length = 0; length < zip.Length; length++)
            Assert.Equal(ArchiveProblem.Damaged, ZipFiles.Refused(zip[..length]).Problem);
    }

    [Fact]
    public void Open_AnyDamagedByte_NeverGivesOtherBytesThanWerePacked()
    {
        var zip = ZipFiles.Of(CompressionLevel.Optimal, ZipFiles.Good);
        var good = ZipFiles.Good.Select(entry => Convert.ToHexString(entry.Content)).ToHashSet();

        for (var at = 0; at < zip.Length; at++)
        {
            var damaged = (byte[])zip.Clone();
            damaged[at] ^= 0x41;
            try
            {
                var read = ZipFiles.Open(damaged, new LimitOptions(), ReadAll);
                Assert.All(read, photo => Assert.Contains(Convert.ToHexString(photo.Content), good));
            }
            catch (ArchiveRefusedException)
            {
                // As good.
            }
        }
    }

    [Fact]
    public void Unpack_OtherBytesThanDeclared_SaysSo()
    {
        Assert.Equal(DatasetProblems.ChecksumMismatch, FirstReason(Corrupt(ZipFiles.Of(ZipFiles.Good))));
        Assert.Equal(DatasetProblems.ByteCountMismatch, FirstReason(ZipFiles.WithDeclared(ZipFiles.Of(ZipFiles.Good), 24, 2)));
        Assert.Equal(DatasetProblems.ByteCountMismatch, FirstReason(ZipFiles.WithDeclared(ZipFiles.Of(ZipFiles.Good), 24, 4)));

        static byte[] Corrupt(byte[] zip)
        {
            // Behind the first local header of 30 bytes and its name.
            zip[30 + "rose/1.jpg".Length] ^= 1;
            return zip;
        }

        static string? FirstReason(byte[] zip) => ZipFiles.Open(zip, new LimitOptions(),
            archive => PhotoArchive.Unpack(archive.Photos[0], new MemoryStream())?.Reason);
    }

    [Fact]
    public void Open_EntriesThatUnpackTooFar_AreRefusedWithoutUnpacking()
    {
        var zeros = new byte[20 << 20];
        var bomb = ZipFiles.Of(CompressionLevel.Optimal,
            [.. ZipFiles.Good, .. Enumerable.Range(0, 6).Select(index => ($"rose/bomb{index}.bmp", zeros))]);

        var refusal = ZipFiles.Refused(bomb);

        Assert.Equal(ArchiveProblem.Bomb, refusal.Problem);
        Assert.Contains("over 200 times", refusal.Message, StringComparison.Ordinal);
        // Three of them unpack to less than is always allowed.
        var three = ZipFiles.Of(CompressionLevel.Optimal, [.. ZipFiles.Good, .. Enumerable.Range(0, 3).Select(index => ($"rose/b{index}.bmp", zeros))]);
        Assert.Equal(7, ZipFiles.Open(three, new LimitOptions(), archive => archive.Photos.Count));
    }

    [Fact]
    public void Open_EntriesThatShareTheirBytes_AreRefused() => Assert.Equal(ArchiveProblem.Bomb,
        ZipFiles.Refused(ZipFiles.WithDeclared(ZipFiles.Of(ZipFiles.Good), 20, 1_000_000)).Problem);

    [Theory]
    [InlineData(1999, ArchiveProblem.TooManyBytes)]
    [InlineData(2000, null)]
    [InlineData(2001, null)]
    public void Open_UnpackedBytesAroundTheLimit_AreHeldToIt(long limit, object? problem)
    {
        var zip = ZipFiles.Of(CompressionLevel.Optimal, ("rose/1.bmp", new byte[1000]), ("tulip/1.bmp", new byte[1000]));
        var limits = new LimitOptions { MaxDatasetBytes = limit };

        if (problem is null)
            Assert.Equal(2, ZipFiles.Open(zip, limits, archive => archive.Photos.Count));
        else
            Assert.Equal(problem, ZipFiles.Refused(zip, limits).Problem);
    }

    private static List<(string Name, string Label, byte[] Content)> ReadAll(PhotoArchive archive)
    {
        var read = new List<(string, string, byte[])>();
        using var content = new MemoryStream();
        foreach (var photo in archive.Photos)
        {
            if (PhotoArchive.Unpack(photo, content) is null)
                read.Add((photo.FileName, photo.Label, content.ToArray()));
        }
        return read;
    }
}
