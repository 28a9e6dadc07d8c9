using System.Runtime.InteropServices;
using System.Text;

namespace BiT.Tests.EndToEnd.Faults;

/// <summary>Copies a folder as a power cut would leave it: without what the kernel has not written to the disk yet.</summary>
/// <remarks>
/// The kernel itself is asked, page by page, what of a file is still dirty or on its way (cachestat, Linux 6.5). Dirty pages become zeros, and a
/// file whose end is dirty ends before it, as it does on a journaling file system that allocates late. So whatever was not flushed, by
/// fsync or by the kernel in time, is lost, and nothing else is. Names are taken as they are: such a file system journals them in order.
/// bit.db-shm, which SQLite makes anew after a crash, is left out, and of the files in tmp/ every other one, too.
/// </remarks>
internal static partial class PowerLoss
{
    private const long CacheStat = 451; // the same number on all architectures
    private const int Page = 4096;

    /// <summary>Whether this kernel and this file system tell what is dirty.</summary>
    public static bool CanSee(string folder)
    {
        var path = Path.Combine(folder, "probe");
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            file.Write(new byte[8 * Page]);
            if (Dirty(file.SafeFileHandle, 0, 8 * Page) is not > 0)
                return false;
            file.Flush(flushToDisk: true);
            return Dirty(file.SafeFileHandle, 0, 8 * Page) == 0;
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Copies what is on the disk. Whoever writes is to stand still meanwhile.</summary>
    /// <returns>What was lost, for messages.</returns>
    public static string Copy(string source, string target)
    {
        var lost = new StringBuilder();
        var temporary = 0;
        foreach (var path in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(source, path);
            var copy = Path.Combine(target, name);
            Directory.CreateDirectory(Path.GetDirectoryName(copy) ?? target);
            if (name == "bit.db-shm" || (name.StartsWith("tmp", StringComparison.Ordinal) && temporary++ % 2 == 0))
                continue;
            CopyFile(path, copy, name, lost);
        }
        foreach (var folder in Directory.GetDirectories(source, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(target, Path.GetRelativePath(source, folder)));
        return lost.ToString();
    }

    private static void CopyFile(string source, string target, string name, StringBuilder lost)
    {
        // Past .NET, which would not open what another process has locked.
        using var file = Open(source, 0);
        Assert.False(file.IsInvalid, $"{source} cannot be opened.");
        var length = RandomAccess.GetLength(file);
        var dirty = new bool[(length + Page - 1) / Page];
        if (Dirty(file, 0, length) != 0)
        {
            for (var page = 0; page < dirty.Length; page++)
                dirty[page] = Dirty(file, (long)page * Page, Page) != 0;
        }
        var kept = Array.LastIndexOf(dirty, false) + 1;
        var content = new byte[Math.Min(length, (long)kept * Page)];
        for (int done = 0, read; done < content.Length && (read = RandomAccess.Read(file, content.AsSpan(done), done)) > 0;)
            done += read;
        for (var page = 0; page < kept; page++)
        {
            if (dirty[page])
                content.AsSpan(page * Page, Math.Min(Page, content.Length - (page * Page))).Clear();
        }
        File.WriteAllBytes(target, content);
        if (dirty.Count(isDirty => isDirty) is > 0 and var count)
            lost.Append(null, $"{name}: {count} of {dirty.Length} pages\n");
    }

    private static long? Dirty(SafeHandle file, long offset, long length)
    {
        if (length == 0)
            return 0;
        var range = new Range { Offset = (ulong)offset, Length = (ulong)length };
        var answer = new Answer();
        return Call(CacheStat, file, ref range, ref answer, 0) == 0 ? (long)(answer.Dirty + answer.WriteBack) : null;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial Microsoft.Win32.SafeHandles.SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, SafeHandle file, ref Range range, ref Answer answer, uint flags);

    private struct Range
    {
        public ulong Offset;
        public ulong Length;
    }

    private struct Answer
    {
        public ulong Cached;
        public ulong Dirty;
        public ulong WriteBack;
        public ulong Evicted;
        public ulong RecentlyEvicted;
    }
}
