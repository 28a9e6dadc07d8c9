using BiT.Core.Store;

namespace BiT.Training.Worker;

/// <summary>Removes what nobody needs any more: checkpoints of published jobs, and temporary files of processes that died.</summary>
internal static class Leftovers
{
    // Longer than anything takes to write: a younger file may be somebody's work.
    private static readonly TimeSpan AbandonedAge = TimeSpan.FromDays(1);

    /// <summary>Deletes abandoned temporary files and folders of artifacts/, cache/ and tmp/.</summary>
    public static void Delete(Workspace workspace, DateTimeOffset now)
    {
        var found = Directory.EnumerateFileSystemEntries(workspace.CacheFolder, "*.tmp")
            .Concat(Directory.EnumerateFileSystemEntries(workspace.ArtifactFolder, ".*"))
            .Concat(Directory.EnumerateFileSystemEntries(workspace.TemporaryFolder, "publish-*"));
        foreach (var path in found.ToArray().Where(path => now - Directory.GetLastWriteTimeUtc(path) > AbandonedAge))
            TryDelete(path);
    }

    /// <summary>Deletes the checkpoints of a job whose result is published.</summary>
    public static void DeleteJob(Workspace workspace, string jobId) => TryDelete(workspace.JobFolder(jobId));

    // Another worker may be tidying up too.
    private static void TryDelete(string path)
    {
        try
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            else
                File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // It stays until the next start.
        }
    }
}
