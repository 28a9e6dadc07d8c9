using System.Security.Cryptography;
using System.Text;
using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

public sealed class DatasetStoreTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(4, 0)]
    [InlineData(5, 1)]
    [InlineData(7, 1)]
    [InlineData(8, 2)]
    [InlineData(12, 2)]
    [InlineData(13, 3)]
    public void Save_UnspecifiedSplits_OneFifthPerClassByHash(int count, int validationCount)
    {
        using var test = new TestWorkspace(hasDataset: false);

        var saved = test.Workspace.Datasets.Save("", Class(test, "rose", count).Concat(Class(test, "daisy", 20)));

        var roses = saved.Photos.Where(photo => photo.Label == "rose").OrderBy(photo => photo.Blob, StringComparer.Ordinal).ToList();
        Assert.Equal(count, roses.Count);
        Assert.All(roses.Take(validationCount), photo => Assert.Equal(Split.Validation, photo.Split));
        Assert.All(roses.Skip(validationCount), photo => Assert.Equal(Split.Train, photo.Split));
    }

    [Fact]
    public void Save_AnyValidationPhoto_UnspecifiedMeansTrain()
    {
        using var test = new TestWorkspace(hasDataset: false);

        var saved = test.Workspace.Datasets.Save("",
            [.. Class(test, "rose", 10), .. Class(test, "daisy", 10), test.Photo("v", "rose", Split.Validation)]);

        Assert.Equal("v.jpg", Assert.Single(saved.Photos, photo => photo.Split == Split.Validation).FileName);
    }

    [Fact]
    public void Save_TrainPhotosAmongUnspecified_StayTrain()
    {
        using var test = new TestWorkspace(hasDataset: false);
        var given = Class(test, "rose", 10).Select(photo => photo with { Split = Split.Train }).ToList();

        var saved = test.Workspace.Datasets.Save("", [.. given, .. Class(test, "daisy", 10)]);

        Assert.All(saved.Photos.Where(photo => photo.Label == "rose"), photo => Assert.Equal(Split.Train, photo.Split));
        Assert.Equal(2, saved.Photos.Count(photo => photo.Split == Split.Validation));
    }

    [Fact]
    public void Save_AnyOrder_GivesTheSameIdAndOrder()
    {
        using var test = new TestWorkspace(hasDataset: false);
        Photo[] photos = [.. Class(test, "rose", 9), .. Class(test, "Daisy", 6), .. Class(test, "Ähre", 5)];
        var first = test.Workspace.Datasets.Save("first", photos);
        test.Time.Advance(TimeSpan.FromHours(1));
        new Random(1).Shuffle(photos);

        var second = test.Workspace.Datasets.Save("second", photos.Select(photo => photo with { FileName = "x" + photo.FileName }));

        Assert.Equal(first.Id, second.Id);
        Assert.Equal(("first", first.CreateTime), (second.DisplayName, second.CreateTime));
        Assert.Equal(first.Photos, second.Photos);
        Assert.Equal(["Daisy", "rose", "Ähre"], second.Labels);
        Assert.Single(test.Workspace.Datasets.List(0, null).Items);
        Assert.Equal(first.Photos, test.Workspace.Datasets.Find(first.Id)?.Photos);
    }

    [Fact]
    public void Save_Id_IsTheHashOfTheDocumentedLines()
    {
        using var test = new TestWorkspace(hasDataset: false);
        var (a, b) = (test.Photo("a", "rose", Split.Train), test.Photo("b", "gänse\"blümchen", Split.Train));
        var c = test.Photo("c", "rose", Split.Validation);
        var lines = $$"""
            {"split":"train","label":"gänse\"blümchen","blob":"{{b.Blob}}"}
            {"split":"train","label":"rose","blob":"{{a.Blob}}"}
            {"split":"validation","label":"rose","blob":"{{c.Blob}}"}

            """.ReplaceLineEndings("\n");

        var saved = test.Workspace.Datasets.Save("", [a, c, b]);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines))), saved.Id);
    }

    [Fact]
    public void Save_DuplicatesOfOneLabel_AreKeptOnce()
    {
        using var test = new TestWorkspace(hasDataset: false);
        Photo[] photos = [test.Photo("a", "rose"), test.Photo("b", "daisy"), test.Photo("c", "rose")];

        var once = test.Workspace.Datasets.Save("", photos);
        var twice = test.Workspace.Datasets.Save("", [.. photos, .. photos]);

        Assert.Equal(once.Id, twice.Id);
        Assert.Equal(3, twice.Photos.Count);
    }

    [Fact]
    public void Save_SameBlobInBothParts_StaysInTrainOnly()
    {
        using var test = new TestWorkspace(hasDataset: false);
        Photo[] learned = [test.Photo("a", "rose", Split.Train), test.Photo("b", "daisy", Split.Train)];
        var honest = test.Photo("v", "daisy", Split.Validation);

        var saved = test.Workspace.Datasets.Save("",
            [test.Photo("a", "rose", Split.Validation), .. learned, honest, test.Photo("a", "daisy", Split.Validation)]);

        Assert.Equal([learned[1].Blob, learned[0].Blob, honest.Blob], saved.Photos.Select(photo => photo.Blob));
    }

    [Fact]
    public void Save_BlobWithTwoLabels_IsNeverPickedForValidation()
    {
        using var test = new TestWorkspace(hasDataset: false);
        var shared = Class(test, "rose", 5).SelectMany(photo => (Photo[])[photo, photo with { Label = "daisy" }]).ToList();

        var saved = test.Workspace.Datasets.Save("",
            [.. shared, .. Enumerable.Range(0, 5).Select(index => test.Photo($"own {index}", "rose"))]);

        Assert.Equal(15, saved.Photos.Count);
        var learned = saved.Photos.Where(photo => photo.Split == Split.Train).Select(photo => photo.Blob).ToHashSet();
        Assert.Equal(2, saved.Photos.Count(photo => photo.Split == Split.Validation));
        Assert.DoesNotContain(saved.Photos, photo => photo.Split == Split.Validation && learned.Contains(photo.Blob));
    }

    [Fact]
    public void Save_OneClass_SaysWhich()
    {
        using var test = new TestWorkspace(hasDataset: false);

        var failure = Assert.Throws<InvalidDatasetException>(() => test.Workspace.Datasets.Save("", Class(test, "rose", 5)));
        Assert.Throws<InvalidDatasetException>(() => test.Workspace.Datasets.Save("", []));

        Assert.Contains("at least two classes", failure.Message);
        Assert.Contains("'rose'", failure.Message);
        Assert.Empty(test.Workspace.Datasets.List(0, null).Items);
    }

    [Fact]
    public void Save_ClassWithValidationOnly_SaysWhich()
    {
        using var test = new TestWorkspace(hasDataset: false);

        var failure = Assert.Throws<InvalidDatasetException>(() => test.Workspace.Datasets.Save("",
            [.. Class(test, "rose", 2), .. Class(test, "daisy", 2), test.Photo("t", "tulip", Split.Validation)]));

        Assert.Contains("'tulip'", failure.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void Save_BadLabel_Refuses(string label)
    {
        using var test = new TestWorkspace(hasDataset: false);

        Assert.Throws<InvalidDatasetException>(() => test.Workspace.Datasets.Save("", [test.Photo("a", "rose"), test.Photo("b", label)]));
        Assert.Throws<InvalidDatasetException>(() => test.Workspace.Datasets.Save("",
            [test.Photo("a", "rose"), test.Photo("b", new string('x', 201))]));
    }

    [Fact]
    public void Save_MissingBlob_StoresNothing()
    {
        using var test = new TestWorkspace(hasDataset: false);
        var absent = test.Photo("a", "rose") with { Blob = new string('0', 64) };

        Assert.Throws<BlobNotFoundException>(() => test.Workspace.Datasets.Save("", [absent, test.Photo("b", "daisy")]));

        Assert.Empty(test.Workspace.Datasets.List(0, null).Items);
    }

    [Fact]
    public void List_Pages_NewestFirstEachOnce()
    {
        using var test = new TestWorkspace(hasDataset: false);
        var ids = Enumerable.Range(0, 5).Select(index =>
            test.Workspace.Datasets.Save($"{index}", [test.Photo($"a{index}", "rose"), test.Photo("b", "daisy")]).Id).Reverse().ToList();

        var first = test.Workspace.Datasets.List(2, null);
        var second = test.Workspace.Datasets.List(2, first.NextPageToken);
        var third = test.Workspace.Datasets.List(2, second.NextPageToken);

        Assert.Equal(ids, first.Items.Concat(second.Items).Concat(third.Items).Select(item => item.Id));
        Assert.Null(third.NextPageToken);
        Assert.Null(test.Workspace.Datasets.List(5, null).NextPageToken);
    }

    [Fact]
    public void List_Summary_IsThatOfTheWholeSet()
    {
        using var test = new TestWorkspace(hasDataset: false);
        // Ordinal order puts the surrogate pair before the last letter of the basic plane; UTF-8 order does not.
        string[] labels = ["rose", "\uff5a", "\ud83c\udf37", "Daisy"];
        var photos = labels.SelectMany((label, number) => Class(test, label, 5 + number)
            .Select((photo, index) => photo with { Width = 50_000 + (index * 7 + number * 3) % 11, Height = 60_000, ByteCount = 3_000_000_000 }));
        var saved = test.Workspace.Datasets.Save("garden", photos);
        var learned = saved.Photos.Where(photo => photo.Split == Split.Train).Select(photo => (long)photo.Width * photo.Height).Order().ToList();

        var listed = Assert.Single(test.Workspace.Datasets.List(0, null).Items);

        Assert.Equal(["Daisy", "rose", "\ud83c\udf37", "\uff5a"], listed.Classes.Select(item => item.Label));
        Assert.Equal([(6, 2), (4, 1), (6, 1), (5, 1)], listed.Classes.Select(item => (item.TrainPhotoCount, item.ValidationPhotoCount)));
        Assert.Equal((21, 5, 26 * 3_000_000_000L), (listed.TrainPhotoCount, listed.ValidationPhotoCount, listed.ByteCount));
        Assert.Equal(learned[10], listed.MedianTrainArea);
        Assert.Equal((saved.Id, "garden", saved.CreateTime), (listed.Id, listed.DisplayName, listed.CreateTime));
        Assert.Equivalent(saved.Summarize(), listed, strict: true);
    }

    [Fact]
    public void List_OneDamagedSet_StillShowsTheOthers()
    {
        using var test = new TestWorkspace(hasDataset: false);
        var whole = test.Workspace.Datasets.Save("", [test.Photo("a", "rose"), test.Photo("b", "daisy")]);
        var damaged = test.Workspace.Datasets.Save("", [test.Photo("c", "rose"), test.Photo("d", "daisy")]);
        using (var connection = test.OpenDatabase())
            connection.Execute("UPDATE photos SET label = 'tulip' WHERE dataset = 2 AND position = 0");

        Assert.Throws<InvalidDataException>(() => test.Workspace.Datasets.Find(damaged.Id));
        Assert.Equal([damaged.Id, whole.Id], test.Workspace.Datasets.List(0, null).Items.Select(item => item.Id));
    }

    [Fact]
    public void Find_RowsChangedByHand_IsDetected()
    {
        using var test = new TestWorkspace(hasDataset: false);
        var saved = test.Workspace.Datasets.Save("", [.. Class(test, "rose", 5), .. Class(test, "daisy", 5)]);
        using (var connection = test.OpenDatabase())
            connection.Execute("UPDATE photos SET label = 'tulip' WHERE position = 0");

        Assert.Throws<InvalidDataException>(() => test.Workspace.Datasets.Find(saved.Id));
        Assert.Null(test.Workspace.Datasets.Find(new string('0', 64)));
    }

    private static List<Photo> Class(TestWorkspace test, string label, int count)
        => Enumerable.Range(0, count).Select(index => test.Photo($"{label} {index}", label)).ToList();
}
