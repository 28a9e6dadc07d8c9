namespace BiT.Core.Store;

/// <summary>A file on its way that is never kept: it goes when it is disposed, or when a workspace is opened after its process died.</summary>
/// <remarks>While it exists its process holds a lock on it. The operating system drops the lock of a process that dies, so a file that can
/// be locked by another belongs to nobody.</remarks>
public sealed class SpoolFile : IDisposable
{
    private const string Suffix = ".spool.tmp";

    private readonly string _path;

    private SpoolFile(string path, FileStream content)
    {
        _path = path;
        Content = content;
    }

    /// <summary>To write and to read; positioned at the start of an empty file.</summary>
    public FileStream Content { get; }

    /// <summary>Closes and deletes the file.</summary>
    public void Dispose()
    {
        try
        {
            // Writes what is buffered, which fails again on a full disk.
            Content.Dispose();
        }
        finally
        {
            File.Delete(_path);
        }
    }

    /// <summary>Makes an empty file.</summary>
    internal static SpoolFile Create(string folder)
    {
        var path = Path.Combine(folder, Path.GetRandomFileName() + Suffix);
        return new SpoolFile(path, Open(path, FileMode.CreateNew));
    }

    /// <summary>Deletes the files of processes that died.</summary>
    internal static void DeleteAbandoned(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Suffix))
        {
            try
            {
                using (Open(path, FileMode.Open))
                    File.Delete(path);
            }
            catch (IOException)
            {
                // Locked: an upload is running. Or gone meanwhile.
            }
        }
    }

    private static FileStream Open(string path, FileMode mode) => new(path, mode, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
}
