using BiT.Client;

namespace BiT.Tests.Unit.Client;

public sealed class PhotoFolderTests
{
    [Fact]
    public void Read_FolderPerClass_LeavesTheSplitOpen()
    {
        using var folder = Folder("rose/b.jpg", "rose/a.jpg", "daisy/c.png");

        var read = PhotoFolder.Read(folder.Path);

        Assert.False(read.IsSplit);
        Assert.Equal(["daisy", "rose"], read.Labels);
        Assert.Equal(["daisy/c.png", "rose/a.jpg", "rose/b.jpg"], read.Photos.Select(photo => photo.FileName));
        Assert.All(read.Photos, photo => Assert.Equal(Split.Unspecified, photo.Split));
    }

    [Fact]
    public void Read_ExactlyTrainAndVal_IsAGivenSplit()
    {
        using var folder = Folder("train/rose/a.jpg", "train/daisy/b.jpg", "val/rose/c.jpg");

        var read = PhotoFolder.Read(folder.Path);

        Assert.True(read.IsSplit);
        Assert.Equal(["daisy", "rose"], read.Labels);
        Assert.Equal(
            [
                ("train/daisy/b.jpg", "daisy", Split.Train), ("train/rose/a.jpg", "rose", Split.Train),
                ("val/rose/c.jpg", "rose", Split.Validation),
            ],
            read.Photos.Select(photo => (photo.FileName, photo.Label, photo.Split)));
    }

    [Fact]
    public void Read_TrainValAndMoreWithPhotos_TakesEachAsAClass()
    {
        using var folder = Folder("train/a.jpg", "val/b.jpg", "tram/c.jpg");

        var read = PhotoFolder.Read(folder.Path);

        Assert.False(read.IsSplit);
        Assert.Equal(["train", "tram", "val"], read.Labels);
    }

    [Fact]
    public void Read_HiddenEntriesAndFilesBesideTheClasses_AreLeftOut()
    {
        using var folder = Folder(
            "rose/a.jpg", "rose/.DS_Store", "daisy/b.jpg", ".git/c.jpg", "rose/.thumbs/d.jpg", "README.txt", "daisy/close/e.jpg");

        var read = PhotoFolder.Read(folder.Path);

        Assert.Equal(["daisy/b.jpg", "daisy/close/e.jpg", "rose/a.jpg"], read.Photos.Select(photo => photo.FileName));
    }

    [Theory]
    [InlineData("one class only, 'rose'", "rose/a.jpg")]
    [InlineData("one class only, 'rose'", "train/rose/a.jpg", "val/rose/b.jpg")]
    [InlineData("has no subfolders", "a.jpg", "b.jpg")]
    [InlineData("has no subfolders")]
    [InlineData("Add photos of 'tulip'", "rose/a.jpg", "daisy/b.jpg", "tulip/")]
    [InlineData("Add photos of 'tulip'", "rose/a.jpg", "daisy/b.jpg", "tulip/.hidden")]
    [InlineData("could never be learned", "train/rose/a.jpg", "train/daisy/b.jpg", "val/tulip/c.jpg")]
    [InlineData("holds no class folders with photos", "train/rose/a.jpg", "train/daisy/b.jpg", "val/")]
    [InlineData("exactly train/ and val/", "train/rose/a.jpg", "train/daisy/b.jpg", "val/rose/c.jpg", "test/rose/d.jpg")]
    public void Read_NotADataset_SaysWhatIsMissing(string expected, params string[] entries)
    {
        using var folder = Folder(entries);

        var failure = Assert.Throws<PhotoFolderException>(() => PhotoFolder.Read(folder.Path));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AFileOrNothing_SaysSo()
    {
        using var folder = Folder("a.jpg");

        Assert.Contains("is a file", Fail(Path.Combine(folder.Path, "a.jpg")), StringComparison.Ordinal);
        Assert.Contains("There is no folder", Fail(Path.Combine(folder.Path, "none")), StringComparison.Ordinal);

        static string Fail(string path) => Assert.Throws<PhotoFolderException>(() => PhotoFolder.Read(path)).Message;
    }

    // Names that end with a slash are empty folders.
    [Fact]
    public void Read_LinkToNowhere_IsRefusedByName()
    {
        using var folder = Folder("rose/a.jpg", "daisy/b.jpg");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "rose", "lost.jpg"), "nowhere");

        var problem = Assert.Throws<PhotoFolderException>(() => PhotoFolder.Read(folder.Path));

        Assert.Contains("lost.jpg is a link to nowhere", problem.Message);
    }

    private static TemporaryFolder Folder(params string[] entries)
    {
        var folder = new TemporaryFolder();
        foreach (var entry in entries)
        {
            var path = Path.Combine(folder.Path, entry);
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? folder.Path);
            if (!entry.EndsWith('/'))
                File.WriteAllText(path, entry);
        }
        return folder;
    }
}
