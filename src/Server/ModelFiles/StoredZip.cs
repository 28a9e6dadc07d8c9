using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using BiT.Core.Weights;

namespace BiT.Serving.ModelFiles;

/// <summary>A zip file of large files without compression, laid out before it is sent: its length and hash are known first, and no copy is
/// made on disk.</summary>
/// <remarks>Every entry has 64-bit sizes (zip64), so there is one layout for small and large. Source: APPNOTE.TXT 6.3.10, 4.3 and 4.5.3.
/// System.IO.Compression writes sizes behind the data where it cannot seek, and cannot tell the length beforehand.</remarks>
internal static class StoredZip
{
    private const ushort Zip64Version = 45;
    private const uint Elsewhere32 = 0xFFFFFFFF;
    private const ushort Elsewhere16 = 0xFFFF;

    // Names are UTF-8.
    private const ushort Flags = 1 << 11;

    // 1980-01-01, zip's first moment: equal files give equal bytes.
    private const ushort Date = (1 << 5) | 1;

    private const int BufferLength = 1 << 20;

    /// <summary>Lays a zip file out; reads every file twice.</summary>
    /// <param name="fileName">Suggested name of the zip file.</param>
    /// <param name="files">Names inside, and what they hold.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static ModelFileContent Lay(string fileName, IReadOnlyList<(string Name, Func<Stream> Open)> files, CancellationToken cancellationToken)
    {
        var parts = new List<Func<Stream>>();
        var directory = new MemoryStream();
        var position = 0L;
        foreach (var (name, open) in files)
        {
            var (length, checksum) = Measure(open, cancellationToken);
            var header = LocalHeader(name, length, checksum);
            parts.Add(() => new MemoryStream(header, writable: false));
            parts.Add(open);
            directory.Write(DirectoryEntry(name, length, checksum, position));
            position += header.Length + length;
        }
        directory.Write(End(files.Count, directory.Length, position));
        var tail = directory.ToArray();
        parts.Add(() => new MemoryStream(tail, writable: false));
        return new ModelFileContent(fileName, position + tail.Length, Hash(parts, cancellationToken), parts);
    }

    private static byte[] LocalHeader(string name, long length, uint checksum)
    {
        var bytes = new Fields();
        bytes.Put32(0x04034B50).Put16(Zip64Version).Put16(Flags).Put16(0).Put16(0).Put16(Date).Put32(checksum)
            .Put32(Elsewhere32).Put32(Elsewhere32).Put16((ushort)Encoding.UTF8.GetByteCount(name)).Put16(20).Put(Encoding.UTF8.GetBytes(name));
        return bytes.Put16(1).Put16(16).Put64(length).Put64(length).ToArray();
    }

    private static byte[] DirectoryEntry(string name, long length, uint checksum, long offset)
    {
        var bytes = new Fields();
        bytes.Put32(0x02014B50).Put16(Zip64Version).Put16(Zip64Version).Put16(Flags).Put16(0).Put16(0).Put16(Date).Put32(checksum)
            .Put32(Elsewhere32).Put32(Elsewhere32).Put16((ushort)Encoding.UTF8.GetByteCount(name)).Put16(28).Put16(0).Put16(0).Put16(0)
            .Put32(0).Put32(Elsewhere32).Put(Encoding.UTF8.GetBytes(name));
        return bytes.Put16(1).Put16(24).Put64(length).Put64(length).Put64(offset).ToArray();
    }

    // The zip64 end record, the locator that finds it, and the old end record that says "look there".
    private static byte[] End(int count, long directoryLength, long directoryOffset)
    {
        var bytes = new Fields();
        bytes.Put32(0x06064B50).Put64(44).Put16(Zip64Version).Put16(Zip64Version).Put32(0).Put32(0).Put64(count).Put64(count)
            .Put64(directoryLength).Put64(directoryOffset);
        bytes.Put32(0x07064B50).Put32(0).Put64(directoryOffset + directoryLength).Put32(1);
        return bytes.Put32(0x06054B50).Put16(0).Put16(0).Put16(Elsewhere16).Put16(Elsewhere16).Put32(Elsewhere32).Put32(Elsewhere32).Put16(0)
            .ToArray();
    }

    private static (long Length, uint Checksum) Measure(Func<Stream> open, CancellationToken cancellationToken)
    {
        var (length, checksum) = (0L, 0u);
        Read(open, bytes =>
        {
            checksum = Crc32.Append(checksum, bytes);
            length += bytes.Length;
        }, cancellationToken);
        return (length, checksum);
    }

    private static byte[] Hash(List<Func<Stream>> parts, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var open in parts)
            Read(open, hash.AppendData, cancellationToken);
        return hash.GetHashAndReset();
    }

    private static void Read(Func<Stream> open, ReadOnlySpanAction take, CancellationToken cancellationToken)
    {
        using var stream = open();
        var buffer = new byte[BufferLength];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            take(buffer.AsSpan(0, read));
        }
    }

    private delegate void ReadOnlySpanAction(ReadOnlySpan<byte> bytes);

    /// <summary>Little-endian fields, one behind the other.</summary>
    private sealed class Fields
    {
        private readonly MemoryStream _bytes = new();

        public Fields Put16(ushort value)
        {
            Span<byte> field = stackalloc byte[2];
            BinaryPrimitives.WriteUInt16LittleEndian(field, value);
            return Put(field);
        }

        public Fields Put32(uint value)
        {
            Span<byte> field = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(field, value);
            return Put(field);
        }

        public Fields Put64(long value)
        {
            Span<byte> field = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(field, value);
            return Put(field);
        }

        public Fields Put(ReadOnlySpan<byte> bytes)
        {
            _bytes.Write(bytes);
            return this;
        }

        public byte[] ToArray() => _bytes.ToArray();
    }
}
