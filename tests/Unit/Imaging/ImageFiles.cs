using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;

namespace BiT.Tests.Unit.Imaging;

/// <summary>Makes image files for tests: by encoding with SkiaSharp, or byte by byte where a test needs to know every byte.</summary>
internal static class ImageFiles
{
    /// <summary>A smooth picture whose four corners are red, green, blue and white, clockwise from the top left.</summary>
    public static byte[] Encode(SKEncodedImageFormat format, int width, int height)
    {
        var pixels = new byte[width * height * 4];
        for (var i = 0; i < width * height; i++)
        {
            var (right, down) = (i % width / Math.Max(1f, width - 1f), i / width / Math.Max(1f, height - 1f));
            pixels[4 * i] = (byte)(255 * (1 - right));
            pixels[(4 * i) + 1] = (byte)(255 * ((right * (1 - down)) + ((1 - right) * down)));
            pixels[(4 * i) + 2] = (byte)(255 * down);
            pixels[(4 * i) + 3] = 255;
        }
        return Encode(format, new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque), pixels);
    }

    /// <summary>A gray JPEG that grows brighter towards the bottom.</summary>
    public static byte[] GrayJpeg(int width, int height) => Encode(
        SKEncodedImageFormat.Jpeg,
        new SKImageInfo(width, height, SKColorType.Gray8, SKAlphaType.Opaque),
        [.. Enumerable.Range(0, width * height).Select(i => (byte)(255 * i / (width * height)))]);

    /// <summary>EXIF data that hold one entry, the orientation.</summary>
    public static byte[] Exif(int orientation, bool littleEndian)
    {
        var exif = new byte[26];
        (littleEndian ? "II*\0\x08\0\0\0"u8 : "MM\0*\0\0\0\x08"u8).CopyTo(exif);
        ReadOnlySpan<ushort> shorts = [1, 0x0112, 3];
        for (var i = 0; i < shorts.Length; i++)
            WriteShort(exif.AsSpan(8 + (2 * i)), shorts[i], littleEndian);
        WriteShort(exif.AsSpan(littleEndian ? 14 : 16), 1, littleEndian);
        WriteShort(exif.AsSpan(18), (ushort)orientation, littleEndian);
        return exif;
    }

    /// <summary>Puts an APP1 segment with EXIF data behind the start marker of a JPEG.</summary>
    public static byte[] WithExif(byte[] jpeg, byte[] exif)
    {
        var length = (ushort)(2 + 6 + exif.Length);
        return [.. jpeg[..2], 0xFF, 0xE1, (byte)(length >> 8), (byte)length, .. "Exif\0\0"u8, .. exif, .. jpeg[2..]];
    }

    /// <summary>Wraps a simple WebP into the extended format with an EXIF chunk.</summary>
    public static byte[] WebPWithExif(byte[] webP, int width, int height, byte[] exif)
    {
        byte[] extended = [0x08, 0, 0, 0, (byte)(width - 1), 0, 0, (byte)(height - 1), 0, 0];
        byte[] content =
            [.. "WEBP"u8, .. "VP8X"u8, 10, 0, 0, 0, .. extended, .. webP[12..], .. "EXIF"u8, (byte)exif.Length, 0, 0, 0, .. exif];
        return [.. "RIFF"u8, .. BitConverter.GetBytes(content.Length), .. content];
    }

    /// <summary>A PNG of given rows; extra chunks go in front of or behind the pixels.</summary>
    /// <param name="colorType">PNG's: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA.</param>
    public static byte[] Png(
        int width, int height, int bitDepth, int colorType, byte[] rows,
        (string Type, byte[] Content)[]? before = null, (string Type, byte[] Content)[]? after = null)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = (byte)bitDepth;
        header[9] = (byte)colorType;
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var rowLength = rows.Length / height;
            for (var y = 0; y < height; y++)
            {
                zlib.WriteByte(0);
                zlib.Write(rows, y * rowLength, rowLength);
            }
        }
        (string Type, byte[] Content)[] chunks =
            [("IHDR", header), .. before ?? [], ("IDAT", packed.ToArray()), .. after ?? [], ("IEND", [])];
        return [0x89, .. "PNG\r\n\x1A\n"u8, .. chunks.SelectMany(chunk => Chunk(chunk.Type, chunk.Content))];
    }

    /// <summary>A PNG that claims a size and has next to no pixels.</summary>
    public static byte[] HugePng(int width, int height)
    {
        var png = Png(1, 1, 8, 2, [1, 2, 3]);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc(png.AsSpan(12, 17)));
        return png;
    }

    /// <summary>An uncompressed 24-bit BMP; rows are stored bottom up in BGR and padded to four bytes.</summary>
    public static byte[] Bmp(int width, int height, byte[] rgb)
    {
        var stride = ((width * 3) + 3) / 4 * 4;
        var bmp = new byte[54 + (stride * height)];
        "BM"u8.CopyTo(bmp);
        ReadOnlySpan<(int Offset, int Value)> fields =
            [(2, bmp.Length), (10, 54), (14, 40), (18, width), (22, height), (26, 1 | (24 << 16))];
        foreach (var (offset, value) in fields)
            BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(offset), value);
        for (var i = 0; i < rgb.Length; i++)
            bmp[54 + ((height - 1 - (i / (width * 3))) * stride) + (i / 3 % width * 3) + 2 - (i % 3)] = rgb[i];
        return bmp;
    }

    /// <summary>A GIF of one pixel and two frames, the first of the second colour.</summary>
    public static byte[] TwoFrameGif(byte[] firstColor, byte[] secondColor)
    {
        // Packed code: clear (4), index, end (5), three bits each.
        byte[] Frame(int index) =>
            [0x21, 0xF9, 4, 0, 10, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, (byte)(0x44 + (index << 3)), 1, 0];
        return [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, .. firstColor, .. secondColor, .. Frame(1), .. Frame(0), 0x3B];
    }

    private static byte[] Encode(SKEncodedImageFormat format, SKImageInfo info, byte[] pixels)
    {
        using var image = SKImage.FromPixelCopy(info, pixels);
        using var data = image.Encode(format, 95);
        return data.ToArray();
    }

    private static byte[] Chunk(string type, byte[] content)
    {
        var chunk = new byte[12 + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        System.Text.Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        content.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + content.Length), Crc(chunk.AsSpan(4, 4 + content.Length)));
        return chunk;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
        }
        return ~crc;
    }

    private static void WriteShort(Span<byte> target, ushort value, bool littleEndian)
    {
        if (littleEndian)
            BinaryPrimitives.WriteUInt16LittleEndian(target, value);
        else
            BinaryPrimitives.WriteUInt16BigEndian(target, value);
    }
}
