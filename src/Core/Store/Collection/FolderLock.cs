using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BiT.Core.Store;

/// <summary>A lock between processes on a folder: many may share it, or one has it alone. The operating system drops the lock of a process that
/// dies.</summary>
/// <remarks>Not through .NET, which opens no folders, and locks files that it opens as it sees fit.</remarks>
internal sealed partial class FolderLock : IDisposable
{
    // sys/file.h, the same on Linux and macOS.
    private const int Shared = 1;
    private const int Exclusive = 2;
    private const int Interrupted = 4; // EINTR

    // O_RDONLY | O_CLOEXEC: a process that is started meanwhile must not go on holding the lock.
    private static readonly int Flags = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    private readonly SafeFileHandle? _folder;

    private FolderLock(SafeFileHandle? folder) => _folder = folder;

    /// <summary>Waits until nobody has the lock alone.</summary>
    public static FolderLock Share(string path) => Take(path, Shared);

    /// <summary>Waits until nobody has the lock.</summary>
    public static FolderLock TakeAlone(string path) => Take(path, Exclusive);

    public void Dispose() => _folder?.Dispose();

    private static FolderLock Take(string path, int operation)
    {
        // Windows does not let a file be replaced or deleted while somebody reads it; what this lock keeps apart cannot meet there.
        if (OperatingSystem.IsWindows())
            return new FolderLock(null);
        var folder = Open(path, Flags);
        if (folder.IsInvalid)
            throw Failure(path, Marshal.GetLastPInvokeError());
        while (Lock(folder, operation) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == Interrupted)
                continue;
            folder.Dispose();
            throw Failure(path, error);
        }
        return new FolderLock(folder);
    }

    private static IOException Failure(string path, int error) => new($"Folder {path} cannot be locked: {Marshal.GetPInvokeErrorMessage(error)}.");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeFileHandle file, int operation);
}
