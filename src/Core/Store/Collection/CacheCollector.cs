namespace BiT.Core.Store;

/// <summary>Deletes what can be made again: resized photos and features in cache/, training graphs in artifacts/. What was not used for long
/// goes, and the least recently used beyond a size.</summary>
/// <remarks>
/// Entries are dated when they are used (<see cref="CacheUse"/>). What is in use stays in any case: a file of cache/ is locked by whoever has
/// it open, which a job does for as long as it runs; a graph is opened right behind its use, so it stays for a day. Whoever looks for an
/// entry shares a lock on the folder that deleting has alone, so nothing vanishes between the look and the lock.
/// </remarks>
internal sealed class CacheCollector(string cacheFolder, string artifactFolder)
{
    // Longer than anything takes to write or to open: what is older is of a process that died.
    private static readonly TimeSpan AbandonedAge = TimeSpan.FromDays(1);

    /// <summary>Deletes, or only counts.</summary>
    /// <param name="age">How long what is not used stays.</param>
    /// <param name="maxBytes">How large both folders may be together, but for what is in use.</param>
    /// <param name="isDryRun">Deletes nothing.</param>
    public FileCount Collect(TimeSpan age, long maxBytes, bool isDryRun)
    {
        var now = FileClock.Now();
        // Least recently used first.
        var entries = Files().Concat(Graphs()).OrderBy(entry => entry.LastUse).ToList();
        var total = entries.Sum(entry => entry.Bytes);
        var count = new FileCount();
        foreach (var entry in entries)
        {
            var idle = now - entry.LastUse;
            var isDue = entry.IsUnfinished ? idle > AbandonedAge : idle > age || total > maxBytes;
            if (!isDue || !(entry.Path.StartsWith(cacheFolder, StringComparison.Ordinal) ? TryDeleteFile(entry, isDryRun) : TryDeleteGraph(entry, now, isDryRun)))
                continue;
            total -= entry.Bytes;
            count += entry.Bytes;
        }
        return count;
    }

    private IEnumerable<Entry> Files() => new DirectoryInfo(cacheFolder).EnumerateFiles()
        .SelectMany(file => Known(() => new Entry(file.FullName, file.LastWriteTimeUtc, file.Length, file.Name.EndsWith(".tmp", StringComparison.Ordinal))));

    private IEnumerable<Entry> Graphs() => new DirectoryInfo(artifactFolder).EnumerateDirectories().SelectMany(folder => Known(() => new Entry(
        folder.FullName, folder.LastWriteTimeUtc, folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), folder.Name.StartsWith('.'))));

    // Others rename and delete meanwhile: what is gone is nothing to collect.
    private static IEnumerable<Entry> Known(Func<Entry> look)
    {
        try
        {
            return [look()];
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    private bool TryDeleteFile(Entry entry, bool isDryRun)
    {
        try
        {
            using var alone = FolderLock.TakeAlone(cacheFolder);
            // Fails while anybody has it open.
            using var file = new FileStream(entry.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0,
                isDryRun ? FileOptions.None : FileOptions.DeleteOnClose);
            return true;
        }
        catch (Exception inUse) when (inUse is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private bool TryDeleteGraph(Entry entry, DateTime now, bool isDryRun)
    {
        try
        {
            using var alone = FolderLock.TakeAlone(artifactFolder);
            if (now - Directory.GetLastWriteTimeUtc(entry.Path) <= AbandonedAge)
                return false;
            if (!isDryRun)
                Directory.Delete(entry.Path, recursive: true);
            return true;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Somebody was faster, or the rest goes the next time.
            return false;
        }
    }

    private readonly record struct Entry(string Path, DateTime LastUse, long Bytes, bool IsUnfinished);
}
