using System.IO.Compression;
using BiT.Training.Pretraining;

namespace BiT.Tests.Unit.Pretraining;

public sealed class PhotoSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_FolderOneZipOrSeveral_IsTheSameSetInTheSameOrder()
    {
        var files = PhotoFiles.Squares(perClass: 6);
        var folder = PhotoFiles.Folder(At("photos"), files);
        var stored = PhotoFiles.Zip(At("stored.zip"), files.Reverse());
        var first = PhotoFiles.Zip(At("first.zip"), files.Where((_, index) => index % 3 == 0), CompressionLevel.Optimal);
        var second = PhotoFiles.Folder(At("second"), files.Where((_, index) => index % 3 == 1));
        var third = PhotoFiles.Zip(At("third.zip"), files.Where((_, index) => index % 3 == 2), CompressionLevel.SmallestSize);

        var expected = files.Select(file => (file.Key, Convert.ToHexString(file.Value))).ToArray();
        foreach (var paths in (string[][])[[folder], [stored], [first, second, third], [third, first, second]])
        {
            using var set = PhotoSet.Open(paths, labels: null);
            Assert.Equal(["blue", "green", "red"], set.Labels);
            Assert.Equal(expected, Enumerable.Range(0, set.Photos.Count).Select(index => (set.Photos[index].FullName, Convert.ToHexString(Read(set.Photos[index])))));
            Assert.All(Enumerable.Range(0, set.Photos.Count), index => Assert.StartsWith(set.Labels[set.Photos[index].Label], set.Photos[index].FullName));
        }
        using var one = PhotoSet.Open([folder], null);
        using var three = PhotoSet.Open([first, second, third], null);
        Assert.Equal(one.Photos.Id, three.Photos.Id);
    }

    [Fact]
    public void Id_OfAnotherNameOrSize_Differs()
    {
        var files = PhotoFiles.Squares(perClass: 2);
        using var set = PhotoSet.Open([PhotoFiles.Folder(At("a"), files)], null);
        files.Remove("red/00.png", out var content);
        files["red/02.png"] = content ?? [];
        using var renamed = PhotoSet.Open([PhotoFiles.Folder(At("b"), files)], null);
        files["red/02.png"] = [.. content ?? [], 0];
        using var longer = PhotoSet.Open([PhotoFiles.Folder(At("c"), files)], null);

        Assert.Equal(3, new HashSet<string> { set.Photos.Id, renamed.Photos.Id, longer.Photos.Id }.Count);
    }

    [Fact]
    public void Split_OfAPartOfTheSet_LeavesEachPhotoOnItsSide()
    {
        var files = PhotoFiles.Squares(perClass: 60, side: 4);
        using var whole = PhotoSet.Open([PhotoFiles.Folder(At("whole"), files)], null);
        using var part = PhotoSet.Open([PhotoFiles.Zip(At("part.zip"), files.Where((_, index) => index % 2 == 0))], null);

        var (training, heldBack) = whole.Photos.Split(0.25);
        var partHeldBack = Names(part.Photos.Split(0.25).HeldBack);

        Assert.Equal(180, training.Count + heldBack.Count);
        // 180 draws at 1/4: 45, standard deviation 5.8.
        Assert.InRange(heldBack.Count, 22, 68);
        Assert.Equal(Names(part.Photos).Intersect(Names(heldBack)), partHeldBack);
        Assert.Empty(Names(training).Intersect(Names(heldBack)));
        // More held back: the same ones and others.
        Assert.Empty(Names(heldBack).Except(Names(whole.Photos.Split(0.4).HeldBack)));
        Assert.Equal((180, 0), (whole.Photos.Split(0).Training.Count, whole.Photos.Split(0).HeldBack.Count));
    }

    [Fact]
    public void Open_WithClasses_KeepsTheirOrderAndLeavesOthersOut()
    {
        using var set = PhotoSet.Open([PhotoFiles.Folder(At("photos"), PhotoFiles.Squares(perClass: 3))], ["red", "blue"]);

        Assert.Equal(["red", "blue"], set.Labels);
        Assert.Equal((6, 3), (set.Photos.Count, set.LeftOut));
        Assert.Equal(["red/00.png", "red/01.png", "red/02.png", "blue/00.png", "blue/01.png", "blue/02.png"], Names(set.Photos));
    }

    [Fact]
    public void Open_FilesThatAreNoPhotos_AreCountedAndLeftOut()
    {
        var files = PhotoFiles.Squares(perClass: 1);
        var photos = files.Count;
        foreach (var other in (string[])["readme.txt", "beside.png", "red/notes.txt", "red/.hidden.png", ".git/x.png", "__MACOSX/red/_00.png", "../outside/evil.png", "red/../../x.png"])
            files.Add(other, [1]);
        // As Windows tools write them, and photos in folders below the class.
        files.Add("green\\sub\\more.PNG", files["green/00.png"]);
        var zip = PhotoFiles.Zip(At("mixed.zip"), files);

        using var set = PhotoSet.Open([zip], null);

        Assert.Equal((photos + 1, 8), (set.Photos.Count, set.OtherFiles));
        Assert.Contains("green/sub/more.PNG", Names(set.Photos));
    }

    [Fact]
    public void Read_DamagedZipEntry_IsToldAndTheOthersAreRead()
    {
        var files = PhotoFiles.Squares(perClass: 2);
        var zip = PhotoFiles.Zip(At("photos.zip"), files);
        var bytes = File.ReadAllBytes(zip);
        bytes[bytes.AsSpan().IndexOf(files["green/01.png"]) + 40] ^= 1;
        File.WriteAllBytes(zip, bytes);
        using var set = PhotoSet.Open([zip], null);

        for (var index = 0; index < set.Photos.Count; index++)
        {
            var photo = set.Photos[index];
            if (photo.FullName == "green/01.png")
                Assert.Contains("checksum", Assert.Throws<InvalidDataException>(() => Read(photo)).Message);
            else
                Assert.Equal(files[photo.FullName], Read(photo));
        }
    }

    [Theory]
    [InlineData("missing", "no folder or zip file")]
    [InlineData("empty", "no photos")]
    [InlineData("one", "one class only, 'blue'")]
    [InlineData("split", "/train as data and")]
    [InlineData("text.zip", "no whole zip file")]
    [InlineData("cut.zip", "no whole zip file")]
    [InlineData("empty.zip", "no photos")]
    public void Open_WhatIsNoSet_IsRefusedWithThePlaceAndTheCure(string name, string expected)
    {
        Directory.CreateDirectory(At("empty"));
        PhotoFiles.Folder(At("one"), PhotoFiles.Squares(perClass: 2, classes: 1));
        PhotoFiles.Folder(At("split/train"), PhotoFiles.Squares(perClass: 2));
        PhotoFiles.Folder(At("split/val"), PhotoFiles.Squares(perClass: 1));
        File.WriteAllText(At("text.zip"), "no zip");
        File.WriteAllBytes(At("cut.zip"), File.ReadAllBytes(PhotoFiles.Zip(At("whole.zip"), PhotoFiles.Squares(perClass: 2)))[..^40]);
        PhotoFiles.Zip(At("empty.zip"), []);

        var problem = Assert.Throws<PhotoSetException>(() => PhotoSet.Open([At(name)], null));

        Assert.Contains(expected, problem.Message);
        Assert.Contains(At(name), problem.Message);
    }

    [Fact]
    public void Open_PhotoInTwoSources_IsRefused()
    {
        var folder = PhotoFiles.Folder(At("a"), PhotoFiles.Squares(perClass: 2));
        var zip = PhotoFiles.Zip(At("b.zip"), PhotoFiles.Squares(perClass: 1));

        Assert.Contains("blue/00.png comes twice", Assert.Throws<PhotoSetException>(() => PhotoSet.Open([folder, zip], null)).Message);
    }

    [Fact]
    public void Open_ClassWithoutPhotos_IsNamed()
    {
        var folder = PhotoFiles.Folder(At("a"), PhotoFiles.Squares(perClass: 1));

        Assert.Contains("1 of the 2 classes asked for: violet", Assert.Throws<PhotoSetException>(() => PhotoSet.Open([folder], ["red", "violet"])).Message);
    }

    private string At(string name) => Path.Combine(_folder.Path, name);

    private static byte[] Read(LabelledPhoto photo) => photo.Source.Read(photo.Index);

    private static string[] Names(PhotoList photos) => [.. Enumerable.Range(0, photos.Count).Select(index => photos[index].FullName)];
}
