using System.Buffers.Binary;

namespace BiT.Core.Imaging;

/// <summary>The formats that are decoded.</summary>
internal enum ImageFormat
{
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
}

/// <summary>Recognises a format by its first bytes, before any decoder sees the file.</summary>
/// <remarks>The decoder library knows more formats than these; what is not listed here never reaches it.</remarks>
internal static class ImageFormats
{
    /// <exception cref="ImageRejectedException">NotAnImage or UnsupportedFormat.</exception>
    public static ImageFormat Recognise(ReadOnlySpan<byte> encoded)
    {
        if (HasAt(encoded, 0, [0xFF, 0xD8, 0xFF]))
            return ImageFormat.Jpeg;
        if (encoded.StartsWith(PngChunks.Signature))
            return ImageFormat.Png;
        if (encoded.StartsWith("RIFF"u8) && HasAt(encoded, 8, "WEBP"u8))
            return ImageFormat.WebP;
        if (encoded.StartsWith("GIF87a"u8) || encoded.StartsWith("GIF89a"u8))
            return ImageFormat.Gif;
        if (encoded.StartsWith("BM"u8))
            return ImageFormat.Bmp;
        if (NameOfUnsupported(encoded) is { } name)
        {
            throw new ImageRejectedException(ImageProblem.UnsupportedFormat,
                $"The image's format is {name}; expected JPEG, PNG, WebP, GIF or BMP. Convert it to JPEG or PNG.");
        }
        throw new ImageRejectedException(ImageProblem.NotAnImage,
            $"The {encoded.Length} bytes, beginning with {Convert.ToHexString(encoded[..Math.Min(8, encoded.Length)])}, are not an image; "
            + "expected the content of a JPEG, PNG, WebP, GIF or BMP file.");
    }

    public static string NameOf(ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => "JPEG",
        ImageFormat.Png => "PNG",
        ImageFormat.WebP => "WebP",
        ImageFormat.Gif => "GIF",
        ImageFormat.Bmp => "BMP",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Unknown image format."),
    };

    /// <summary>Whether the file reaches the end that its format declares; trailing zeros are padding.</summary>
    public static bool HasItsEnd(ReadOnlySpan<byte> encoded, ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => encoded.TrimEnd((byte)0).EndsWith((ReadOnlySpan<byte>)[0xFF, 0xD9]),
        ImageFormat.Png => encoded.TrimEnd((byte)0).EndsWith((ReadOnlySpan<byte>)[0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]),
        ImageFormat.Gif => encoded.TrimEnd((byte)0).EndsWith(";"u8),
        ImageFormat.WebP => encoded.Length >= 8L + BinaryPrimitives.ReadUInt32LittleEndian(encoded[4..]),
        ImageFormat.Bmp => encoded.Length >= 6 && encoded.Length >= BinaryPrimitives.ReadUInt32LittleEndian(encoded[2..]),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Unknown image format."),
    };

    // Names only what people do send by mistake, so that the message can name the cure.
    private static string? NameOfUnsupported(ReadOnlySpan<byte> encoded)
    {
        if (encoded.StartsWith("II*\0"u8) || encoded.StartsWith("MM\0*"u8))
            return "TIFF or camera raw";
        if (HasAt(encoded, 4, "ftyp"u8))
            return HasAt(encoded, 8, "avif"u8) || HasAt(encoded, 8, "avis"u8) ? "AVIF" : "HEIC or video";
        if (HasAt(encoded, 4, "jP  "u8) || HasAt(encoded, 0, [0xFF, 0x4F, 0xFF, 0x51]))
            return "JPEG 2000";
        if (HasAt(encoded, 4, "JXL "u8) || HasAt(encoded, 0, [0xFF, 0x0A]))
            return "JPEG XL";
        if (encoded.StartsWith("8BPS"u8))
            return "Photoshop";
        if (encoded.StartsWith("%PDF"u8))
            return "PDF";
        if (HasAt(encoded, 0, [0, 0, 1, 0]))
            return "ICO";
        return null;
    }

    private static bool HasAt(ReadOnlySpan<byte> encoded, int offset, ReadOnlySpan<byte> magic) =>
        encoded.Length >= offset + magic.Length && encoded.Slice(offset, magic.Length).SequenceEqual(magic);
}
