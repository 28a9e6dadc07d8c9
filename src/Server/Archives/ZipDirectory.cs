using System.Buffers.Binary;
using System.Globalization;

namespace BiT.Serving.Archives;

/// <summary>Walks the directory at the end of a ZIP file without keeping it, to bound it before a library reads it into memory.</summary>
/// <remarks>Only counts and lengths: what the entries are is for System.IO.Compression to say. Its own count is no protection, for it lists
/// all entries first and compares their number with the declared one afterwards. Source: PKWARE APPNOTE 6.3.10, sections 4.3.12 to
/// 4.3.16.</remarks>
internal static class ZipDirectory
{
    private const int EndLength = 22;
    private const int MaxCommentLength = ushort.MaxValue;
    private const int LocatorLength = 20;
    private const int End64Length = 56;
    private const int HeaderLength = 46;

    private const uint EndSignature = 0x06054b50;
    private const uint LocatorSignature = 0x07064b50;
    private const uint End64Signature = 0x06064b50;
    private const uint HeaderSignature = 0x02014b50;

    // Name, extra fields and comment of one entry, on average: real archives stay below 200.
    private const long BytesPerEntry = 1024;
    private const long LeastDirectoryBytes = 1 << 20;

    /// <summary>Fails unless the directory is there and has at most so many entries.</summary>
    /// <exception cref="ArchiveRefusedException">Damaged or TooManyEntries.</exception>
    public static void Check(FileStream archive, int maxEntries)
    {
        var (declared, start) = FindStart(archive);
        if (declared > maxEntries)
            throw TooMany(declared.ToString("N0", CultureInfo.InvariantCulture), maxEntries);
        var maxLength = Math.Max(LeastDirectoryBytes, maxEntries * BytesPerEntry);
        archive.Position = start;
        Span<byte> header = stackalloc byte[HeaderLength];
        var skipped = new byte[3 * ushort.MaxValue];
        long count = 0, length = 0;
        while (archive.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) == HeaderLength
            && BinaryPrimitives.ReadUInt32LittleEndian(header) == HeaderSignature)
        {
            var variable = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[30..])
                + BinaryPrimitives.ReadUInt16LittleEndian(header[32..]);
            length += HeaderLength + variable;
            if (++count > maxEntries || length > maxLength)
                throw TooMany(count > maxEntries ? $"more than {maxEntries:N0}" : $"a directory of over {maxLength:N0} bytes for", maxEntries);
            if (archive.ReadAtLeast(skipped.AsSpan(0, variable), variable, throwOnEndOfStream: false) < variable)
                throw Damaged($"its directory ends within entry {count}");
        }
        if (count != declared)
            throw Damaged($"its directory declares {declared:N0} entries and has {count:N0}");
    }

    private static (long Count, long Start) FindStart(FileStream archive)
    {
        var tail = new byte[(int)Math.Min(archive.Length, EndLength + MaxCommentLength)];
        var tailStart = archive.Length - tail.Length;
        ReadAt(archive, tailStart, tail);
        var at = -1;
        for (var i = tail.Length - EndLength; i >= 0 && at < 0; i--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(i)) == EndSignature)
                at = i;
        }
        if (at < 0)
        {
            throw Damaged(tail.Length >= 2 && StartsLikeZip(archive)
                ? "it is cut off: the directory at its end is missing" : "it is not a ZIP file");
        }
        var end = tail.AsSpan(at);
        long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        var part = BinaryPrimitives.ReadUInt16LittleEndian(end[4..]);
        if (part is not (0 or ushort.MaxValue))
            throw Damaged("it is one part of several; expected a single file");
        // Any of the three sends System.IO.Compression to the zip64 directory: what is counted here must be what it reads.
        if (part == ushort.MaxValue || count == ushort.MaxValue || start == uint.MaxValue)
            (count, start) = FindStart64(archive, tailStart + at) ?? (count, start);
        if (start < 0 || start > archive.Length)
            throw Damaged("its directory lies beyond its end");
        return (count, start);
    }

    private static (long Count, long Start)? FindStart64(FileStream archive, long endPosition)
    {
        if (endPosition < LocatorLength)
            return null;
        var locator = new byte[LocatorLength];
        ReadAt(archive, endPosition - LocatorLength, locator);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != LocatorSignature)
            return null;
        var position = BinaryPrimitives.ReadInt64LittleEndian(locator.AsSpan(8));
        if (position < 0 || position > archive.Length - End64Length)
            throw Damaged("its zip64 directory lies beyond its end");
        var end = new byte[End64Length];
        ReadAt(archive, position, end);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end) != End64Signature)
            throw Damaged("its zip64 directory is not where it should be");
        var count = BinaryPrimitives.ReadInt64LittleEndian(end.AsSpan(32));
        if (count < 0)
            throw Damaged("its zip64 directory declares a negative number of entries");
        return (count, BinaryPrimitives.ReadInt64LittleEndian(end.AsSpan(48)));
    }

    private static bool StartsLikeZip(FileStream archive)
    {
        var start = new byte[2];
        ReadAt(archive, 0, start);
        return start.AsSpan().SequenceEqual("PK"u8);
    }

    private static void ReadAt(FileStream archive, long position, byte[] buffer)
    {
        archive.Position = position;
        archive.ReadExactly(buffer);
    }

    private static ArchiveRefusedException Damaged(string what) => new(ArchiveProblem.Damaged,
        $"The archive cannot be read: {what}. Make it again, as a plain ZIP file, and send the whole of it.");

    private static ArchiveRefusedException TooMany(string count, int maxEntries) => new(ArchiveProblem.TooManyEntries,
        $"The archive has {count} entries; the limit is MaxArchiveEntries = {maxEntries:N0}. Send several data sets or raise the limit.");
}
