namespace BiT.Core.Store;

/// <summary>The clock by which files are dated: the kernel's, for a workspace lies on a local disk. Not a <see cref="TimeProvider"/>: whoever
/// moves that one does not move the dates of files.</summary>
internal static class FileClock
{
    public static DateTime Now() => DateTime.UtcNow;
}
