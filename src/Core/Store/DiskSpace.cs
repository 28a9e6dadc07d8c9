using Microsoft.Win32.SafeHandles;

namespace BiT.Core.Store;

/// <summary>Room on the disk of a workspace: how much there is, and whether something failed for want of it.</summary>
public static class DiskSpace
{
    // ENOSPC and EDQUOT of Linux; ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL of Windows.
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int WindowsHandleFull = 0x27;
    private const int WindowsFull = 0x70;

    // What .NET gives to a reservation that does not fit, instead of the system's own number (COR_E_IO).
    private const int Unspecified = unchecked((int)0x80131620);

    /// <summary>Bytes that this user may still write to the disk of a folder. A quota is not seen in it.</summary>
    /// <exception cref="IOException">The folder is gone.</exception>
    public static long Free(string folder) => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>Whether something failed because the disk, or the user's share of it, is full: a file, a row, or work on several threads of
    /// which one met it.</summary>
    public static bool IsExhausted(Exception problem) => problem switch
    {
        StoreUnavailableException store => store.Problem == StoreProblem.DiskFull,
        IOException file => OperatingSystem.IsWindows()
            ? (file.HResult & 0xFFFF) is WindowsFull or WindowsHandleFull
            : file.HResult is NoSpace or QuotaExceeded,
        AggregateException several => several.InnerExceptions.Any(IsExhausted),
        _ => false,
    };

    /// <summary>Makes a file whose bytes are reserved, so that a full disk is met at once and not hours later.</summary>
    /// <param name="path">A file that does not exist.</param>
    /// <param name="length">Bytes to reserve.</param>
    /// <exception cref="IOException">There is no room; <see cref="IsExhausted"/> knows it.</exception>
    public static SafeFileHandle CreateReserved(string path, long length)
    {
        try
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, length);
        }
        catch (IOException full) when (!OperatingSystem.IsWindows() && full.HResult == Unspecified)
        {
            throw new IOException(full.Message, NoSpace);
        }
    }
}
