using System.Runtime.InteropServices;

namespace BiT.Core.Store;

/// <summary>Files that survive a power cut: whole or not there at all.</summary>
public static partial class DurableFile
{
    private const int ReadOnly = 0;

    /// <summary>Puts a finished file in its place: flushes it, renames it over whatever is there and flushes the folder.</summary>
    /// <param name="temporaryPath">A closed file on the same file system as <paramref name="path"/>.</param>
    /// <param name="path">Where it goes; an older file there is replaced in one step.</param>
    public static void Replace(string temporaryPath, string path)
    {
        using (var handle = File.OpenHandle(temporaryPath, FileMode.Open, FileAccess.ReadWrite))
            RandomAccess.FlushToDisk(handle);
        MoveFlushed(temporaryPath, path);
    }

    /// <summary>Writes a file so that after a crash either the old or the new content is there.</summary>
    /// <param name="path">The file; <c>path.tmp</c> beside it is used on the way.</param>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> content)
    {
        var temporaryPath = path + ".tmp";
        try
        {
            using (var handle = File.OpenHandle(temporaryPath, FileMode.Create, FileAccess.Write))
            {
                RandomAccess.Write(handle, content, 0);
                RandomAccess.FlushToDisk(handle);
            }
            MoveFlushed(temporaryPath, path);
        }
        finally
        {
            File.Delete(temporaryPath);
        }
    }

    /// <summary>Makes the names in a folder durable: a rename or a new file is only safe once its folder is flushed too.</summary>
    /// <remarks>Does nothing on Windows, whose file system journals names.</remarks>
    /// <exception cref="IOException">The folder cannot be opened or flushed.</exception>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        // .NET refuses to open a handle on a folder.
        var descriptor = OpenFolder(path, ReadOnly);
        if (descriptor < 0)
            throw new IOException($"Folder {path} cannot be opened to flush it: {Marshal.GetLastPInvokeErrorMessage()}.");
        try
        {
            if (Flush(descriptor) != 0)
                throw new IOException($"Folder {path} cannot be flushed to disk: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Renames a file whose content is already flushed, and flushes the target's folder.</summary>
    internal static void MoveFlushed(string temporaryPath, string path)
    {
        File.Move(temporaryPath, path, overwrite: true);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/");
    }

    /// <summary>Makes a folder, and its name durable if it is new.</summary>
    internal static void CreateFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        Directory.CreateDirectory(path);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
