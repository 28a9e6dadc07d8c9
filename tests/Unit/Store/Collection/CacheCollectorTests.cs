using BiT.Core.Store;
using BiT.Training.Artifacts;
using BiT.Training.Datasets;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Store.Collection;

public sealed class CacheCollectorTests
{
    private const int RecordBytes = 100;

    [Fact]
    public void Collect_WhatWasNotUsedForLong_GoesAndIsMadeAgain()
    {
        using var test = new TestWorkspace();
        using var young = Use(test, "young");
        Use(test, "old").Dispose();
        var graph = UseGraph(test);
        Age(FileOf(test, "old"), TimeSpan.FromDays(3));
        Age(Path.GetDirectoryName(graph) ?? "", TimeSpan.FromDays(3));

        Assert.True(Collect(test, new CollectionOptions { CacheAge = TimeSpan.FromDays(4) }).IsEmpty);
        var dry = Collect(test, new CollectionOptions { CacheAge = TimeSpan.FromDays(2) }, isDryRun: true);
        Assert.Equal((2, RecordBytes + new FileInfo(graph).Length, true), (dry.CacheCount, dry.CacheBytes, File.Exists(FileOf(test, "old"))));
        var report = Collect(test, new CollectionOptions { CacheAge = TimeSpan.FromDays(2) });

        Assert.Equal((dry.CacheCount, dry.CacheBytes), (report.CacheCount, report.CacheBytes));
        Assert.Equal([FileOf(test, "young")], Directory.GetFiles(test.Workspace.CacheFolder));
        Assert.Empty(Directory.GetFileSystemEntries(test.Workspace.ArtifactFolder));
        using var again = Use(test, "old");
        Assert.Equal(graph, UseGraph(test));
        Assert.True(File.Exists(graph));
    }

    [Fact]
    public void Collect_BeyondTheSize_TakesTheLeastRecentlyUsedFirst()
    {
        using var test = new TestWorkspace();
        foreach (var (name, days) in new[] { ("first", 1), ("second", 3), ("third", 2) })
        {
            Use(test, name).Dispose();
            Age(FileOf(test, name), TimeSpan.FromDays(days));
        }
        // It is used again.
        Use(test, "second").Dispose();

        var report = Collect(test, new CollectionOptions { CacheBytes = 2 * RecordBytes });

        Assert.Equal(1, report.CacheCount);
        Assert.Equal([FileOf(test, "first"), FileOf(test, "second")], Directory.GetFiles(test.Workspace.CacheFolder).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Collect_WhatIsInUse_StaysHoweverOldAndLarge()
    {
        using var test = new TestWorkspace();
        var options = new CollectionOptions { CacheAge = TimeSpan.FromHours(1), CacheBytes = 0 };
        using (var open = Use(test, "open"))
        {
            Age(FileOf(test, "open"), TimeSpan.FromDays(300));
            // Opened some hours ago, and perhaps only now by ONNX Runtime.
            var graph = UseGraph(test);
            Age(Path.GetDirectoryName(graph) ?? "", TimeSpan.FromHours(23));

            Assert.True(Collect(test, options, isDryRun: true).IsEmpty);
            Assert.True(Collect(test, options).IsEmpty);

            Assert.True(File.Exists(FileOf(test, "open")) && File.Exists(graph));
            var record = new byte[RecordBytes];
            open.Read(0, record);
            Assert.Equal(7, record[0]);
        }
        Assert.Equal(1, Collect(test, options).CacheCount);
    }

    [Fact]
    public void Collect_WhatWasNeverFinished_GoesAfterADayAndNotBefore()
    {
        using var test = new TestWorkspace();
        var (file, folder) = (FileOf(test, "photos.rgb.0.tmp"), Path.Combine(test.Workspace.ArtifactFolder, ".graph.0"));
        File.WriteAllBytes(file, new byte[5]);
        Directory.CreateDirectory(folder);
        foreach (var path in (string[])[file, folder])
            Age(path, TimeSpan.FromHours(23));
        Assert.True(Collect(test, new CollectionOptions { CacheAge = TimeSpan.FromHours(1), CacheBytes = 0 }).IsEmpty);

        foreach (var path in (string[])[file, folder])
            Age(path, TimeSpan.FromHours(25));
        Assert.Equal((2, 5L), (Collect(test, new CollectionOptions()) is var report ? report.CacheCount : 0, report.CacheBytes));

        Assert.False(File.Exists(file) || Directory.Exists(folder));
    }

    // A job asks for its photos again and again while all of them are collected: it always has them.
    [Fact]
    public async Task Use_WhileEverythingIsCollected_AlwaysHasItsRecords()
    {
        using var test = new TestWorkspace();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var collected = 0;
        var collecting = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
                Interlocked.Add(ref collected, Collect(test, new CollectionOptions { CacheBytes = 0 }).CacheCount);
        }, TestContext.Current.CancellationToken);
        var record = new byte[RecordBytes];
        // On a busy machine the other thread may begin late.
        for (var round = 0; round < 300 || Volatile.Read(ref collected) == 0; round++)
        {
            stop.Token.ThrowIfCancellationRequested();
            using var file = Use(test, "photos");
            file.Read(0, record);
            Assert.Equal(7, record[0]);
        }
        await stop.CancelAsync();
        await collecting;
    }

    private static string FileOf(TestWorkspace test, string name) => Path.Combine(test.Workspace.CacheFolder, name);

    private static RecordFile Use(TestWorkspace test, string name) =>
        RecordFile.GetOrWrite(FileOf(test, name), 1, RecordBytes, file => RandomAccess.Write(file, Enumerable.Repeat((byte)7, RecordBytes).ToArray(), 0));

    private static string UseGraph(TestWorkspace test) => new ArtifactCache(test.Workspace.ArtifactFolder)
        .GetOrWrite(OptimizerGraph.Build(NetworkParameters.Head(4, 2), 0.9f, 0));

    private static CollectionReport Collect(TestWorkspace test, CollectionOptions options, bool isDryRun = false) => test.Workspace.Collect(options, isDryRun);

    private static void Age(string path, TimeSpan age)
    {
        if (Directory.Exists(path))
            Directory.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);
        else
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);
    }
}
