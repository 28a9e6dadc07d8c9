using BiT.Core.Store;
using Microsoft.Win32.SafeHandles;

namespace BiT.Training.Datasets;

/// <summary>A file of records of one size: what was computed once per photo (resized pixels, features) and is read in any order, without
/// holding it in memory.</summary>
internal sealed class RecordFile : IRecords, IDisposable
{
    private readonly SafeFileHandle _file;

    private RecordFile(SafeFileHandle file, int count, int recordBytes)
    {
        _file = file;
        Count = count;
        RecordBytes = recordBytes;
    }

    public int Count { get; }

    public int RecordBytes { get; }

    /// <summary>Opens the file if it is there, or computes every record and writes it.</summary>
    /// <param name="path">Final path; its name must follow from everything that the records depend on.</param>
    /// <param name="count">Records.</param>
    /// <param name="recordBytes">Bytes of a record.</param>
    /// <param name="write">Writes all records in order; called only if the file is missing or of another length.</param>
    /// <remarks>Written beside the final path, flushed and renamed: a reader never sees half of it, after a power cut neither. As long as it is
    /// open it is locked, and not collected.</remarks>
    public static RecordFile GetOrWrite(string path, int count, int recordBytes, Action<SafeFileHandle> write)
    {
        var length = (long)count * recordBytes;
        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        Directory.CreateDirectory(folder);
        using (CacheUse.Share(folder))
        {
            if (File.Exists(path) && new FileInfo(path).Length == length)
                return Open(path, count, recordBytes);
        }
        var temporary = Write(path, length, write);
        try
        {
            using (CacheUse.Share(folder))
            {
                DurableFile.Replace(temporary, path);
                return Open(path, count, recordBytes);
            }
        }
        catch
        {
            // Of gigabytes that found no place the next attempt would make more.
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Reads one record.</summary>
    /// <exception cref="EndOfStreamException">The file was cut short.</exception>
    public void Read(int index, Span<byte> record)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        var offset = (long)index * RecordBytes;
        for (var done = 0; done < RecordBytes;)
        {
            var read = RandomAccess.Read(_file, record[done..RecordBytes], offset + done);
            if (read == 0)
                throw new EndOfStreamException($"Record {index} ends after {done} of {RecordBytes} bytes: the cache file was cut short. Delete the workspace's cache folder.");
            done += read;
        }
    }

    public void Dispose() => _file.Dispose();

    private static RecordFile Open(string path, int count, int recordBytes)
    {
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
        CacheUse.Touch(path);
        return new RecordFile(file, count, recordBytes);
    }

    private static string Write(string path, long length, Action<SafeFileHandle> write)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var file = DiskSpace.CreateReserved(temporary, length))
                write(file);
            return temporary;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
