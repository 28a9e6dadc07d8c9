using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Deletes blobs that nothing refers to.</summary>
/// <remarks>
/// What may meet, and what keeps it apart:
/// <list type="bullet">
/// <item>A blob that is stored and not referred to yet (an upload, a job that publishes at its end): its age counts from its storing, and
/// what is younger than the oldest hold, running job or open task, less <see cref="CollectionOptions.BlobAge"/>, stays.</item>
/// <item>A blob that lost its last reference while somebody reads it (a download, a backup): losing it renews the age, in the same
/// transaction.</item>
/// <item>A reference that is made while blobs are deleted: both happen in writing transactions, and the one that refers checks within
/// its own that the blob is there. So a row never names a blob that this deleted.</item>
/// <item>The same content stored again while its old file is deleted: putting a file in place shares a lock that deleting has alone, and the
/// age is looked at under it.</item>
/// </list>
/// </remarks>
internal sealed class BlobCollector(Database database, BlobStore blobs, string temporaryFolder)
{
    // Writers wait for one batch.
    private const int BatchSize = 100;

    /// <summary>Deletes, or only counts.</summary>
    /// <returns>What went (or would), and what stays for now.</returns>
    /// <exception cref="InvalidDataException">A row cannot be read; nothing was deleted.</exception>
    public (FileCount Deleted, FileCount Kept) Collect(TimeSpan age, bool isDryRun)
    {
        var cutoff = Cutoff(age);
        var (references, datasets) = database.Read(connection => (BlobReferences.Read(connection), BlobReferences.NewestDataset(connection)));
        var old = new List<FileInfo>();
        var (deleted, kept) = (new FileCount(), new FileCount());
        foreach (var file in blobs.EnumerateFiles().Where(file => !references.Contains(file.Name)))
        {
            if (file.LastWriteTimeUtc < cutoff)
                old.Add(file);
            else
                kept += file.Length;
        }
        if (isDryRun)
            return (old.Aggregate(deleted, (count, file) => count + file.Length), kept);
        foreach (var batch in old.Chunk(BatchSize))
        {
            deleted += database.Write(connection =>
            {
                // Data sets have millions of photos, and most likely none came meanwhile.
                if (BlobReferences.NewestDataset(connection) is var newest && newest != datasets)
                    (references, datasets) = (BlobReferences.Read(connection), newest);
                else
                    references.UnionWith(BlobReferences.ReadWithoutPhotos(connection));
                return Delete(batch.Where(file => !references.Contains(file.Name)), cutoff);
            });
        }
        return (deleted, kept);
    }

    private FileCount Delete(IEnumerable<FileInfo> files, DateTime cutoff)
    {
        var count = new FileCount();
        using var alone = blobs.LockAlone();
        foreach (var file in files)
        {
            file.Refresh();
            if (!file.Exists || file.LastWriteTimeUtc >= cutoff)
                continue;
            var length = file.Length;
            file.Delete();
            count += length;
        }
        return count;
    }

    // Rows tell time by one clock and files by another, and a clock may be set back: the whole age lies between work and what it may lose.
    private DateTime Cutoff(TimeSpan age)
    {
        var now = FileClock.Now();
        var begin = BlobHold.Oldest(temporaryFolder) is { } held && held < now ? held : now;
        if (database.Read(connection => BlobReferences.OldestWork(connection))?.UtcDateTime is { } work && work < begin)
            begin = work;
        return begin - age;
    }
}

/// <summary>Files and their size.</summary>
internal readonly record struct FileCount(int Files, long Bytes)
{
    public static FileCount operator +(FileCount count, long bytes) => new(count.Files + 1, count.Bytes + bytes);

    public static FileCount operator +(FileCount left, FileCount right) => new(left.Files + right.Files, left.Bytes + right.Bytes);
}
