using System.IO.Compression;
using BiT.CommandLine;
using BiT.CommandLine.Demo;

namespace BiT.Tests.Unit.CommandLine.Demo;

public sealed class ArchiveFolderTests
{
    [Theory]
    [InlineData("rose/1.jpg daisy/2.jpg", "daisy/2.jpg rose/1.jpg")]
    [InlineData("set/rose/1.jpg set/daisy/2.jpg __MACOSX/set/rose/._1.jpg set/.DS_Store", "daisy/2.jpg rose/1.jpg")]
    [InlineData("train/rose/1.jpg train/daisy/2.jpg val/rose/3.jpg", "train/daisy/2.jpg train/rose/1.jpg val/rose/3.jpg")]
    [InlineData("set/train/rose/1.jpg set/train/daisy/2.jpg set/val/rose/3.jpg", "train/daisy/2.jpg train/rose/1.jpg val/rose/3.jpg")]
    public void Unpack_GoodArchive_ReadsItsPhotos(string entries, string expected)
    {
        using var folder = new TemporaryFolder();

        var read = Unpack(folder, entries.Split(' '));

        Assert.Equal(expected.Split(' '), read.Photos.Select(photo => photo.FileName));
        Assert.All(read.Photos, photo => Assert.Equal("content", File.ReadAllText(photo.Path)));
    }

    [Theory]
    [InlineData("../outside.jpg")]
    [InlineData("rose/../../outside.jpg")]
    [InlineData("/tmp/outside.jpg")]
    [InlineData("..\\outside.jpg")]
    public void Unpack_EntryThatLeadsOut_IsRefused(string name)
    {
        using var folder = new TemporaryFolder();

        var failure = Assert.Throws<CommandException>(() => Unpack(folder, ["rose/1.jpg", "daisy/2.jpg", name]));

        Assert.Equal(ExitCodes.Refused, failure.Failure.ExitCode);
        Assert.Empty(Directory.EnumerateFiles(folder.Path, "outside*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Unpack_DamagedArchive_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "photos.zip");
        File.WriteAllText(path, "PK, and nothing else");

        Assert.Equal("NOT_A_DATASET", Assert.Throws<CommandException>(
            () => ArchiveFolder.Unpack(path, Path.Combine(folder.Path, "out"), CancellationToken.None)).Failure.Reason);
    }

    private static BiT.Client.PhotoFolder Unpack(TemporaryFolder folder, string[] entries)
    {
        var path = Path.Combine(folder.Path, "photos.zip");
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            foreach (var name in entries)
            {
                using var entry = new StreamWriter(zip.CreateEntry(name).Open());
                entry.Write("content");
            }
        }
        return ArchiveFolder.Unpack(path, Path.Combine(folder.Path, "out"), CancellationToken.None);
    }
}
