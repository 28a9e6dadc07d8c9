using BiT.Serving.Archives;
using BiT.Serving.Startup;

namespace BiT.Tests.Unit.Serving.Archives;

public sealed class ArchiveLayoutTests
{
    [Theory]
    [InlineData("rose/1 rose", "rose/1", "tulip/2")]
    [InlineData("photos/rose/1 rose", "photos/rose/1", "photos/tulip/2")]
    [InlineData("rose/close/1 rose", "rose/close/1", "tulip/2")]
    [InlineData("photos/rose/close/1 rose", "photos/rose/close/1", "photos/tulip/2", "photos/README.txt")]
    [InlineData("train/rose/1 rose Train", "train/rose/1", "val/rose/2", "train/tulip/3")]
    [InlineData("val/rose/2 rose Validation", "val/rose/2", "train/rose/1", "train/tulip/3")]
    [InlineData("set/train/rose/1 rose Train", "set/train/rose/1", "set/val/rose/2", "set/train/tulip/3")]
    [InlineData("rose/1 rose", "rose/1", "rose/2")]
    [InlineData("train/1 train", "train/1", "val/2", "tram/3")]
    [InlineData("README.txt ", "README.txt", "rose/1", "tulip/2")]
    [InlineData("train/README.txt  Train", "train/README.txt", "train/rose/1", "val/rose/2")]
    public void Open_Folders_GiveLabelsAndSplits(string expected, params string[] names)
    {
        var first = ZipFiles.Open(ZipFiles.OfNames(names), new LimitOptions(), archive => archive.Photos[0]);

        Assert.Equal(expected, $"{first.FileName} {first.Label}{(first.Split == 0 ? "" : $" {first.Split}")}");
    }

    [Fact]
    public void Open_WhatOperatingSystemsLeave_IsIgnored()
    {
        var names = ZipFiles.Open(
            ZipFiles.OfNames("set/rose/1.jpg", "__MACOSX/set/rose/._1.jpg", "set/.DS_Store", "set/rose/Thumbs.db", "set/tulip/desktop.ini",
                "set/tulip/2.jpg", ".hidden/3.jpg", "set/", "set/rose/", "./set/tulip/4.jpg"),
            new LimitOptions(), archive => archive.Photos.Select(photo => photo.FileName).ToArray());

        Assert.Equal(["set/rose/1.jpg", "set/tulip/2.jpg", "set/tulip/4.jpg"], names);
    }

    [Theory]
    [InlineData("no file lies in a class folder", "1.jpg", "2.jpg")]
    [InlineData("no file lies in a class folder", "rose/", "tulip/")]
    [InlineData("no file lies in a class folder", "__MACOSX/rose/1.jpg")]
    [InlineData("exactly train and val", "train/rose/1", "train/tulip/2")]
    [InlineData("exactly train and val", "train/rose/1", "val/rose/2", "test/rose/3")]
    [InlineData("exactly train and val", "set/train/rose/1", "set/val/rose/2", "set/test/rose/3")]
    public void Open_OtherFolders_AreRefused(string expected, params string[] names)
    {
        var refusal = ZipFiles.Refused(ZipFiles.OfNames(names));

        Assert.Equal(ArchiveProblem.Layout, refusal.Problem);
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(19, true)]
    [InlineData(20, false)]
    public void Open_DeepFolders_AreBounded(int folders, bool isTaken)
    {
        var zip = ZipFiles.OfNames(string.Concat(Enumerable.Repeat("a/", folders)) + "1.jpg", "b/2.jpg");

        if (isTaken)
            Assert.Equal(2, ZipFiles.Open(zip, new LimitOptions(), archive => archive.Photos.Count));
        else
            Assert.Equal(ArchiveProblem.UnsafeName, ZipFiles.Refused(zip).Problem);
    }
}
