using BiT.Core.Store;

namespace BiT.Tests.Unit.Store.Collection;

public sealed class BlobCollectorTests
{
    private const int Rounds = 60;

    private static readonly TimeSpan Age = TimeSpan.FromHours(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public void Collect_BlobOfADeletedVersion_GoesAfterItsAgeAndNotBefore()
    {
        using var test = new TestWorkspace();
        var kept = test.Manifest("kept");
        var manifest = test.Manifest("deleted");
        test.Workspace.Models.Import("kept", kept);
        var version = test.Workspace.Models.Import("deleted", manifest).Id;
        AgeAll(test);
        Assert.Equal(0, Collect(test).BlobCount);

        test.Workspace.Models.DeleteVersion(version);

        // Somebody may be reading it: losing the reference dated it anew.
        var young = Collect(test);
        Assert.Equal((0, 2), (young.BlobCount, young.KeptBlobCount));
        AgeAll(test);
        var dry = Collect(test, isDryRun: true);
        Assert.Equal((2, true), (dry.BlobCount, test.Workspace.Blobs.Contains(manifest.InferenceGraph)));
        var report = Collect(test);
        Assert.Equal((dry.BlobCount, dry.BlobBytes), (report.BlobCount, report.BlobBytes));
        Assert.False(test.Workspace.Blobs.Contains(manifest.InferenceGraph));
        Assert.False(test.Workspace.Blobs.Contains(manifest.Weights ?? ""));
        test.Workspace.Blobs.Verify(kept.InferenceGraph);
        Assert.True(Collect(test).IsEmpty);
    }

    [Fact]
    public void Collect_BlobOfADeletedDataset_GoesUnlessAnotherSetHasIt()
    {
        using var test = new TestWorkspace();
        var (shared, own) = (test.Photo("shared", "rose"), test.Photo("own", "daisy"));
        test.Workspace.Datasets.Save("stays", [shared, test.Photo("other", "tulip")]);
        var deleted = test.Workspace.Datasets.Save("goes", [shared, own]).Id;
        AgeAll(test);

        test.Workspace.Datasets.Delete(deleted);
        Assert.Equal(0, Collect(test).BlobCount);
        AgeAll(test);

        Assert.Equal(1, Collect(test).BlobCount);
        Assert.True(test.Workspace.Blobs.Contains(shared.Blob));
        Assert.False(test.Workspace.Blobs.Contains(own.Blob));
    }

    [Fact]
    public void Collect_WhileAHoldLasts_KeepsWhatWasStoredUnderIt()
    {
        using var test = new TestWorkspace();
        var before = test.PutText("before");
        AgeAll(test);
        // An upload of hours: its photos are old, and nothing refers to them yet.
        string during;
        using (test.Workspace.HoldBlobs())
        {
            during = test.PutText("during");
            AgeHolds(test, TimeSpan.FromHours(10));
            Date(test, during, TimeSpan.FromHours(9));
            Date(test, before, TimeSpan.FromHours(12));

            Assert.Equal(1, Collect(test).BlobCount);
            Assert.True(test.Workspace.Blobs.Contains(during));
            Assert.False(test.Workspace.Blobs.Contains(before));
        }

        Assert.Equal(1, Collect(test).BlobCount);
        Assert.False(test.Workspace.Blobs.Contains(during));
    }

    [Fact]
    public void Collect_HoldOfADeadProcess_HoldsNothing()
    {
        using var test = new TestWorkspace();
        var blob = test.PutText("abandoned");
        var hold = Path.Combine(test.Workspace.TemporaryFolder, "dead" + BlobHold.Suffix);
        File.WriteAllText(hold, "");
        AgeHolds(test, TimeSpan.FromHours(10));
        Date(test, blob, TimeSpan.FromHours(9));

        Assert.Equal(1, Collect(test).BlobCount);
        Assert.False(File.Exists(hold));
    }

    [Fact]
    public void Collect_WhileAJobRuns_KeepsWhatItStoredHoursAgo()
    {
        using var test = new TestWorkspace();
        test.Submit();
        test.Time.Advance(DateTimeOffset.UtcNow - TimeSpan.FromHours(10) - test.Time.GetUtcNow());
        var lease = test.Lease();
        var manifest = test.Manifest("published at the end");
        foreach (var blob in new[] { manifest.InferenceGraph, manifest.Weights ?? "" })
            Date(test, blob, TimeSpan.FromHours(9));

        Assert.Equal(0, Collect(test).BlobCount);
        test.Jobs.Publish(lease, manifest);
        Assert.Equal(0, Collect(test).BlobCount);
    }

    [Fact]
    public void Collect_WhileAnImportWaits_KeepsItsFile()
    {
        using var test = new TestWorkspace();
        test.Time.Advance(DateTimeOffset.UtcNow - test.Time.GetUtcNow());
        var file = test.PutText("weights.npz");
        Date(test, file, TimeSpan.FromHours(9));
        var task = test.Workspace.Tasks.Submit(
            TaskKind.Import, StoreJson.WriteTask(new ImportTask { File = file, ModelId = "m" }), TimeSpan.FromDays(1));

        Assert.Equal(0, Collect(test).BlobCount);
        test.Workspace.Tasks.Abandon(task.Id);
        Assert.Equal(1, Collect(test).BlobCount);
    }

    [Fact]
    public void Collect_CompositionOfAVersion_Stays()
    {
        using var test = new TestWorkspace();
        var version = test.Workspace.Models.Import("m", test.Manifest()).Id;
        var composed = test.PutText("composed");
        test.Workspace.Models.AddCompositions(version, new ComposedFiles { Weights = composed });
        AgeAll(test);

        Assert.True(Collect(test).IsEmpty);
        Assert.True(test.Workspace.Blobs.Contains(composed));
    }

    [Fact]
    public void Collect_RowThatCannotBeRead_DeletesNothing()
    {
        using var test = new TestWorkspace();
        test.Workspace.Models.Import("m", test.Manifest());
        var blob = test.PutText("nobody's");
        using (var connection = test.OpenDatabase())
            connection.Execute("UPDATE model_versions SET manifest = '{'");
        AgeAll(test);

        Assert.Throws<InvalidDataException>(() => Collect(test));
        Assert.True(test.Workspace.Blobs.Contains(blob));
    }

    [Fact]
    public void Reference_ToABlobThatWasCollected_IsRefused()
    {
        using var test = new TestWorkspace();
        var photos = new[] { test.Photo("a", "rose"), test.Photo("b", "daisy") };
        var manifest = test.Manifest();
        AgeAll(test);
        Assert.Equal(4, Collect(test).BlobCount);

        Assert.Throws<BlobNotFoundException>(() => test.Workspace.Datasets.Save("late", photos));
        Assert.Throws<BlobNotFoundException>(() => test.Workspace.Models.Import("late", manifest));
        Assert.Empty(test.Workspace.Models.List(0, null).Items);
    }

    // Every race that there is, many times: whatever a row names in the end is there.
    [Fact]
    public async Task Collect_BesideUploadsPublishesAndDeletions_NeverTakesWhatARowNames()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        using var stop = new CancellationTokenSource();
        var collected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // Age zero and old files: only the locks protect.
        var collector = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (other.Collect(new CollectionOptions { BlobAge = Age }, isDryRun: false).BlobCount > 0)
                    collected.TrySetResult();
            }
        }, TestContext.Current.CancellationToken);
        var writers = Enumerable.Range(0, 3).Select(writer => Task.Run(async () =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                // Something is there to collect in every round, and in the middle something was: the other half surely runs beside it.
                Date(test, test.PutText($"nobody's {writer} {round}"), 2 * Age);
                if (round == Rounds / 2)
                    await collected.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
                SaveAndDelete(test, writer, round);
            }
        }, TestContext.Current.CancellationToken)).ToArray();
        try
        {
            await Task.WhenAll(writers);
        }
        finally
        {
            await stop.CancelAsync();
            await collector;
        }

        foreach (var set in test.Workspace.Datasets.List(0, null).Items.Where(set => set.Id != TestWorkspace.DatasetId))
        {
            foreach (var photo in test.Workspace.Datasets.Find(set.Id)?.Photos ?? [])
                test.Workspace.Blobs.Verify(photo.Blob);
        }
    }

    // The same few contents again and again: stored while the old file of the same name is being deleted.
    private static void SaveAndDelete(TestWorkspace test, int writer, int round)
    {
        var photos = new[] { test.Photo($"a{round % 3}", "rose"), test.Photo($"b{writer}", "daisy") };
        foreach (var photo in photos)
            TryDate(test, photo.Blob);
        try
        {
            var set = test.Workspace.Datasets.Save("set", photos);
            foreach (var photo in set.Photos)
                test.Workspace.Blobs.Verify(photo.Blob);
            if (round % 2 == 0)
                test.Workspace.Datasets.Delete(set.Id);
        }
        catch (BlobNotFoundException)
        {
            // Collected before the row was made: refused, as it must be.
        }
    }

    private static CollectionReport Collect(TestWorkspace test, bool isDryRun = false) =>
        test.Workspace.Collect(new CollectionOptions { BlobAge = Age }, isDryRun);

    private static void AgeAll(TestWorkspace test)
    {
        foreach (var path in Directory.GetFiles(Path.Combine(test.Path, "blobs"), "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow - (2 * Age));
    }

    private static void AgeHolds(TestWorkspace test, TimeSpan age)
    {
        foreach (var path in Directory.GetFiles(test.Workspace.TemporaryFolder, "*" + BlobHold.Suffix))
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);
    }

    private static void Date(TestWorkspace test, string blob, TimeSpan age) =>
        File.SetLastWriteTimeUtc(test.Workspace.Blobs.PathOf(blob), DateTime.UtcNow - age);

    private static void TryDate(TestWorkspace test, string blob)
    {
        try
        {
            Date(test, blob, 2 * Age);
        }
        catch (FileNotFoundException)
        {
            // Collected already.
        }
    }
}
