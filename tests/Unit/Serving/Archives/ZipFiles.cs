using System.Buffers.Binary;
using System.IO.Compression;
using BiT.Serving.Archives;
using BiT.Serving.Startup;

namespace BiT.Tests.Unit.Serving.Archives;

/// <summary>Makes ZIP files, good ones and, by changing bytes, bad ones.</summary>
internal static class ZipFiles
{
    private const uint HeaderSignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;

    /// <summary>Two photos of each of two classes; the content is of no interest to an archive.</summary>
    public static readonly (string Name, byte[] Content)[] Good =
        [("rose/1.jpg", [1, 2, 3]), ("rose/2.jpg", [4, 5]), ("tulip/1.jpg", [6]), ("tulip/2.jpg", [7, 8, 9, 10])];

    public static byte[] Of(params (string Name, byte[] Content)[] entries) => Of(CompressionLevel.NoCompression, entries);

    public static byte[] Of(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }
        return file.ToArray();
    }

    /// <summary>Names alone.</summary>
    public static byte[] OfNames(params string[] names) => Of([.. names.Select(name => (name, (byte[])[1]))]);

    /// <summary>Sets the type of the first entry, as st_mode has it.</summary>
    public static byte[] WithMode(byte[] zip, int mode)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(zip.AsSpan(Find(zip, HeaderSignature) + 40), (ushort)mode);
        return zip;
    }

    /// <summary>Marks the first entry as encrypted, in both of its headers.</summary>
    public static byte[] Encrypted(byte[] zip)
    {
        zip[6] |= 1;
        zip[Find(zip, HeaderSignature) + 8] |= 1;
        return zip;
    }

    /// <summary>Changes what the directory declares of the first entry: offset 20 packed, 24 unpacked length.</summary>
    public static byte[] WithDeclared(byte[] zip, int offset, uint length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(Find(zip, HeaderSignature) + offset), length);
        return zip;
    }

    /// <summary>Changes the number of entries that the end declares.</summary>
    public static byte[] WithCount(byte[] zip, ushort count)
    {
        var end = Find(zip, EndSignature);
        BinaryPrimitives.WriteUInt16LittleEndian(zip.AsSpan(end + 8), count);
        BinaryPrimitives.WriteUInt16LittleEndian(zip.AsSpan(end + 10), count);
        return zip;
    }

    /// <summary>Moves count and start of the directory into zip64 records, as for a large archive.</summary>
    public static byte[] AsZip64(byte[] zip, long? count = null)
    {
        var end = Find(zip, EndSignature);
        var record = new byte[56];
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06064b50);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(4), 44);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(12), 45);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(14), 45);
        var entries = count ?? BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(end + 10));
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(24), entries);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(32), entries);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(40), BinaryPrimitives.ReadUInt32LittleEndian(zip.AsSpan(end + 12)));
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(48), BinaryPrimitives.ReadUInt32LittleEndian(zip.AsSpan(end + 16)));
        var locator = new byte[20];
        BinaryPrimitives.WriteUInt32LittleEndian(locator, 0x07064b50);
        BinaryPrimitives.WriteInt64LittleEndian(locator.AsSpan(8), end);
        BinaryPrimitives.WriteInt32LittleEndian(locator.AsSpan(16), 1);
        var tail = zip[end..];
        tail.AsSpan(8, 4).Fill(0xFF);
        tail.AsSpan(16, 4).Fill(0xFF);
        return [.. zip[..end], .. record, .. locator, .. tail];
    }

    /// <summary>Opens bytes as an archive, and gives it to a test.</summary>
    public static T Open<T>(byte[] zip, LimitOptions limits, Func<PhotoArchive, T> read)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "photos.zip");
        File.WriteAllBytes(path, zip);
        using var file = File.OpenRead(path);
        using var archive = PhotoArchive.Open(file, limits);
        return read(archive);
    }

    /// <summary>An archive is refused.</summary>
    public static ArchiveRefusedException Refused(byte[] zip, LimitOptions? limits = null)
        => Assert.Throws<ArchiveRefusedException>(() => Open(zip, limits ?? new LimitOptions(), archive => archive.Photos.Count));

    private static int Find(byte[] zip, uint signature) => zip.AsSpan().IndexOf(BitConverter.GetBytes(signature));
}
