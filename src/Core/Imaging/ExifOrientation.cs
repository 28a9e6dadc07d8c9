using System.Buffers.Binary;

namespace BiT.Core.Imaging;

/// <summary>Reads the orientation (tag 0x0112) from a block of EXIF data.</summary>
/// <remarks>EXIF is a TIFF file without pixels: byte order, 42, offset of the first directory, directory of 12-byte entries.</remarks>
internal static class ExifOrientation
{
    private const ushort OrientationTag = 0x0112;
    private const ushort ShortType = 3;
    private const int EntryLength = 12;

    /// <param name="exif">The block, from its byte order mark; a leading <c>Exif\0\0</c> is skipped, as some writers leave it in
    /// PNG.</param>
    /// <returns>1 to 8; 1 if the block has no orientation or is damaged.</returns>
    public static int Read(ReadOnlySpan<byte> exif)
    {
        if (exif.StartsWith("Exif\0\0"u8))
            exif = exif[6..];
        var littleEndian = exif.StartsWith("II*\0"u8);
        if (exif.Length < 8 || !(littleEndian || exif.StartsWith("MM\0*"u8)))
            return 1;
        var directory = littleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(exif[4..]) : BinaryPrimitives.ReadUInt32BigEndian(exif[4..]);
        if (directory > exif.Length - 2)
            return 1;

        var entries = exif[(int)directory..];
        int count = ReadShort(entries, littleEndian);
        entries = entries[2..];
        for (; count > 0 && entries.Length >= EntryLength; count--, entries = entries[EntryLength..])
        {
            if (ReadShort(entries, littleEndian) != OrientationTag || ReadShort(entries[2..], littleEndian) != ShortType)
                continue;
            var value = ReadShort(entries[8..], littleEndian);
            return value is >= 1 and <= 8 ? value : 1;
        }
        return 1;
    }

    private static ushort ReadShort(ReadOnlySpan<byte> bytes, bool littleEndian) =>
        littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
