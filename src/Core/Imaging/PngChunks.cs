using System.Buffers.Binary;

namespace BiT.Core.Imaging;

/// <summary>The two facts that we read from a PNG ourselves: its size, before a decoder is opened, and the orientation in its eXIf chunk,
/// which the decoder does not report.</summary>
internal static class PngChunks
{
    private const int HeaderLength = 13;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Reads width and height from IHDR; null if the file does not begin with a whole one.</summary>
    public static (uint Width, uint Height)? ReadSize(ReadOnlySpan<byte> encoded)
    {
        var chunk = encoded[Signature.Length..];
        if (chunk.Length < 8 + HeaderLength || !chunk[4..8].SequenceEqual("IHDR"u8))
            return null;
        return (BinaryPrimitives.ReadUInt32BigEndian(chunk[8..]), BinaryPrimitives.ReadUInt32BigEndian(chunk[12..]));
    }

    /// <summary>Finds the first eXIf chunk, before or after the pixels, and reads its orientation.</summary>
    /// <returns>1 to 8; 1 if there is none.</returns>
    public static int ReadOrientation(ReadOnlySpan<byte> encoded)
    {
        // Length, type, content, checksum. Every round consumes at least 12 bytes, so hostile lengths cannot make it loop.
        var rest = encoded[Signature.Length..];
        while (rest.Length >= 12)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - 12)
                break;
            var type = rest[4..8];
            if (type.SequenceEqual("eXIf"u8))
                return ExifOrientation.Read(rest.Slice(8, (int)length));
            if (type.SequenceEqual("IEND"u8))
                break;
            rest = rest[((int)length + 12)..];
        }
        return 1;
    }
}
