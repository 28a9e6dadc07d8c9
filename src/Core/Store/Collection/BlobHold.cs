namespace BiT.Core.Store;

/// <summary>Keeps what is stored from now on, and what loses its last reference from now on, until it is disposed or its process dies: the
/// collector takes nothing that is younger than the oldest hold. For whoever stores blobs that nothing refers to yet, or reads blobs for
/// long.</summary>
/// <remarks>A locked empty file in tmp/; its time is the beginning of the hold.</remarks>
public sealed class BlobHold : IDisposable
{
    internal const string Suffix = ".hold.tmp";

    private readonly string _path;
    private readonly FileStream _file;

    private BlobHold(string path, FileStream file)
    {
        _path = path;
        _file = file;
    }

    /// <summary>Ends the hold.</summary>
    public void Dispose()
    {
        File.Delete(_path);
        _file.Dispose();
    }

    internal static BlobHold Take(string folder)
    {
        var path = Path.Combine(folder, Path.GetRandomFileName() + Suffix);
        var making = path + ".new.tmp";
        var file = new FileStream(making, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            // Under this name it is locked from the beginning, so one without lock is of a process that died.
            File.Move(making, path);
            return new BlobHold(path, file);
        }
        catch
        {
            file.Dispose();
            File.Delete(making);
            throw;
        }
    }

    /// <summary>When the oldest hold of a living process began; null if there is none. Deletes those of processes that died.</summary>
    /// <param name="folder">The workspace's folder for temporary files.</param>
    internal static DateTime? Oldest(string folder)
    {
        DateTime? oldest = null;
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Suffix).ToArray())
        {
            var begin = File.GetLastWriteTimeUtc(path);
            if (!TryDeleteAbandoned(path) && File.Exists(path) && (oldest is null || begin < oldest))
                oldest = begin;
        }
        return oldest;
    }

    private static bool TryDeleteAbandoned(string path)
    {
        try
        {
            using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0))
                File.Delete(path);
            return true;
        }
        catch (Exception inUse) when (inUse is IOException or UnauthorizedAccessException)
        {
            // Locked by a living process, another user's, or ended meanwhile.
            return false;
        }
    }
}
