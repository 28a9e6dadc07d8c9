using BiT.Client;
using BiT.CommandLine.Demo;

namespace BiT.Tests.Unit.CommandLine.Demo;

public sealed class HeldOutTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Split_FolderPerClass_HoldsOutAFifthOfEachAndKeepsCopiesTogether()
    {
        using var folder = new TemporaryFolder();
        foreach (var label in (string[])["daisy", "rose"])
            for (var photo = 0; photo < 10; photo++)
                foreach (var copy in (string[])["", "-copy"])
                    Write(folder, $"{label}/{photo}{copy}.jpg", $"{label}{photo}");

        var photos = HeldOut.Split(PhotoFolder.Read(folder.Path), Cancel);

        Assert.Equal(40, photos.Count);
        foreach (var photosOfClass in photos.GroupBy(photo => photo.Label))
            Assert.Equal(4, photosOfClass.Count(photo => photo.Split == Split.Validation));
        var sides = photos.ToLookup(photo => File.ReadAllText(photo.Path), photo => photo.Split);
        Assert.All(sides, side => Assert.Single(side.Distinct()));
        Assert.All(photos, photo => Assert.NotEqual(Split.Unspecified, photo.Split));
    }

    [Fact]
    public void Split_ClassWithOnePhoto_KeepsItToLearnFrom()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "daisy/1.jpg", "a");
        Write(folder, "rose/1.jpg", "b");
        Write(folder, "rose/2.jpg", "c");

        var photos = HeldOut.Split(PhotoFolder.Read(folder.Path), Cancel);

        Assert.Equal(Split.Train, Assert.Single(photos, photo => photo.Label == "daisy").Split);
        Assert.Equal([Split.Train, Split.Validation], photos.Where(photo => photo.Label == "rose").Select(photo => photo.Split).Order());
    }

    [Fact]
    public void Choose_SomeOfMany_TakesValidationPhotosEvenlyAndAlwaysTheSame()
    {
        var photos = (from label in (string[])["a", "b", "c"]
                      from number in Enumerable.Range(0, 10)
                      let split = number < 6 ? Split.Train : Split.Validation
                      select new PhotoFile($"/{label}/{number}", $"{label}/{number}", label, split, 1)).ToList();

        var chosen = HeldOut.Choose(photos, 7, seed: 1);

        Assert.Equal(chosen, HeldOut.Choose(photos, 7, seed: 1));
        Assert.All(chosen, photo => Assert.Equal(Split.Validation, photo.Split));
        Assert.Equal([3, 2, 2], chosen.GroupBy(photo => photo.Label).Select(photosOfClass => photosOfClass.Count()));
        Assert.Equal(12, HeldOut.Choose(photos, 100, seed: 1).Count);
    }

    private static void Write(TemporaryFolder folder, string name, string content)
    {
        var path = Path.Combine(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? folder.Path);
        File.WriteAllText(path, content);
    }
}
