using System.Runtime.InteropServices;

namespace BiT.Core.Store;

/// <summary>A second name for a file's content, on the same file system.</summary>
internal static partial class HardLink
{
    // Linux and macOS number them alike.
    private const int PermissionDenied = 1; // EPERM: the file system has no hard links, or a policy forbids them.
    private const int NoSuchEntry = 2; // ENOENT
    private const int OtherFileSystem = 18; // EXDEV
    private const int TooManyLinks = 31; // EMLINK

    /// <summary>Names a file a second time.</summary>
    /// <returns>Null, or why the file system refuses hard links here.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">Anything else went wrong: a full disk, a name that is taken.</exception>
    public static string? TryCreate(string existingPath, string newPath)
    {
        if (OperatingSystem.IsWindows())
            return "hard links are made on Linux and macOS only";
        if (Link(existingPath, newPath) == 0)
            return null;
        var error = Marshal.GetLastPInvokeError();
        var message = Marshal.GetPInvokeErrorMessage(error);
        return error switch
        {
            PermissionDenied or OtherFileSystem or TooManyLinks => message,
            NoSuchEntry when !File.Exists(existingPath) => throw new FileNotFoundException($"There is no file {existingPath}.", existingPath),
            _ => throw new IOException($"{existingPath} cannot be linked to {newPath}: {message}."),
        };
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existingPath, string newPath);
}
