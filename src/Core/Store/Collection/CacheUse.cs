namespace BiT.Core.Store;

/// <summary>What users of artifacts/ and cache/ do so that the collector takes nothing that they are about to use; see
/// <see cref="CacheCollector"/>.</summary>
public static class CacheUse
{
    /// <summary>Keeps the collector out of a folder until disposed: while somebody looks whether an entry is there and opens or dates it, or puts
    /// it into place and opens it. For moments, not for the whole use.</summary>
    /// <param name="folder">An existing folder.</param>
    public static IDisposable Share(string folder) => FolderLock.Share(folder);

    /// <summary>Dates an entry: it is used now.</summary>
    /// <param name="path">A file or a folder.</param>
    public static void Touch(string path)
    {
        if (Directory.Exists(path))
            Directory.SetLastWriteTimeUtc(path, FileClock.Now());
        else
            File.SetLastWriteTimeUtc(path, FileClock.Now());
    }
}
