using SkiaSharp;

namespace BiT.Core.Imaging;

/// <summary>Turns an image file into RGB pixels, upright.</summary>
/// <remarks>
/// <para>Order of checks: bytes, first bytes, size from the header, and only then pixels. Colour profiles and gamma are ignored and alpha
/// is dropped, not blended, as Pillow's <c>convert("RGB")</c> does, because that is what the networks were trained on. Animations give
/// their first frame. One deviation: the transparent pixels of a GIF come out black, where Pillow shows the palette's colour.</para>
/// <para>Safe to call from several threads. One call is bounded by its limits; many at a time are bounded by
/// <see cref="PixelBudget"/>.</para>
/// </remarks>
public static class ImageDecoder
{
    /// <summary>Reads format, size and orientation without decoding pixels.</summary>
    /// <param name="encoded">The content of a JPEG, PNG, WebP, GIF or BMP file.</param>
    /// <param name="limits">Limits on bytes, side and area.</param>
    /// <exception cref="ImageRejectedException">The bytes are no supported image, damaged in the header, or exceed a limit.</exception>
    public static unsafe ImageHeader ReadHeader(ReadOnlySpan<byte> encoded, ImageLimits limits)
    {
        fixed (byte* address = encoded)
        {
            using var codec = Open(encoded, (nint)address, limits, out var header, out _);
            return header;
        }
    }

    /// <summary>Decodes an image.</summary>
    /// <param name="encoded">The content of a JPEG, PNG, WebP, GIF or BMP file.</param>
    /// <param name="limits">Limits on bytes, side and area.</param>
    /// <param name="targetWidth">Width that the picture will be resized to; 0 for full size. See <see cref="DecodedPixels"/>.</param>
    /// <param name="targetHeight">Height that the picture will be resized to; 0 for full size.</param>
    /// <returns>The upright picture: of full size, or for a JPEG with targets, a half, a quarter or an eighth of it.</returns>
    /// <exception cref="ImageRejectedException">The bytes are no supported image, damaged, incomplete, or exceed a limit.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> encoded, ImageLimits limits, int targetWidth = 0, int targetHeight = 0)
    {
        using var pixels = DecodePixels(encoded, limits, targetWidth, targetHeight);
        return pixels.ToRgbImage();
    }

    /// <summary>Pixels that decoding this image holds in memory: what to ask a <see cref="PixelBudget"/> for.</summary>
    /// <remarks>A JPEG is decoded at 1/2, 1/4 or 1/8 of its size while that is at least twice the target on both sides; the inverse
    /// transform then averages blocks exactly, and the resampler still has two samples per pixel to filter.</remarks>
    public static long DecodedPixels(ImageHeader header, int targetWidth, int targetHeight)
    {
        var divisor = Divisor(header, targetWidth, targetHeight);
        return (((long)header.Width + divisor - 1) / divisor) * (((long)header.Height + divisor - 1) / divisor);
    }

    /// <summary>As <see cref="Decode"/>, into native memory that the caller disposes.</summary>
    internal static unsafe PixelBuffer DecodePixels(ReadOnlySpan<byte> encoded, ImageLimits limits, int targetWidth, int targetHeight)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(targetWidth);
        ArgumentOutOfRangeException.ThrowIfNegative(targetHeight);
        fixed (byte* address = encoded)
        {
            using var codec = Open(encoded, (nint)address, limits, out var header, out var format);
            var divisor = Divisor(header, targetWidth, targetHeight);
            var size = divisor == 1 ? codec.Info.Size : codec.GetScaledDimensions(1f / divisor);
            var pixels = new PixelBuffer(size.Width, size.Height);
            try
            {
                // No colour space: Skia would otherwise convert the embedded profile to sRGB. Unpremul: colours under alpha stay.
                var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, null);
                var result = codec.GetPixels(info, pixels.Address, info.RowBytes, SKCodecOptions.Default);
                if (result != SKCodecResult.Success)
                    throw Rejected(result, format, encoded);
                if (header.Orientation == 1)
                    return pixels;
                var upright = pixels.Orient(header.Orientation);
                pixels.Dispose();
                return upright;
            }
            catch
            {
                pixels.Dispose();
                throw;
            }
        }
    }

    /// <summary>Opens a codec on pinned bytes and checks everything that can be known before pixels.</summary>
    private static SKCodec Open(
        ReadOnlySpan<byte> encoded, nint address, ImageLimits limits, out ImageHeader header, out ImageFormat format)
    {
        limits.CheckBytes(encoded.Length);
        format = ImageFormats.Recognise(encoded);
        if (format == ImageFormat.Png && PngChunks.ReadSize(encoded) is { } size)
            limits.CheckSize(size.Width, size.Height);

        using var data = SKData.Create(address, encoded.Length);
        var codec = SKCodec.Create(new SKMemoryStream(data), out var result);
        if (codec is null)
            throw Rejected(result, format, encoded);
        try
        {
            var info = codec.Info;
            limits.CheckSize(info.Width, info.Height);
            var orientation = format == ImageFormat.Png ? PngChunks.ReadOrientation(encoded) : (int)codec.EncodedOrigin;
            var name = ImageFormats.NameOf(format);
            header = orientation >= 5
                ? new ImageHeader(name, info.Height, info.Width, orientation)
                : new ImageHeader(name, info.Width, info.Height, orientation);
            return codec;
        }
        catch
        {
            codec.Dispose();
            throw;
        }
    }

    private static int Divisor(ImageHeader header, int targetWidth, int targetHeight)
    {
        if (header.Format != "JPEG" || targetWidth <= 0 || targetHeight <= 0)
            return 1;
        var divisor = 8;
        while (divisor > 1 && (header.Width < 2L * targetWidth * divisor || header.Height < 2L * targetHeight * divisor))
            divisor /= 2;
        return divisor;
    }

    private static ImageRejectedException Rejected(SKCodecResult result, ImageFormat format, ReadOnlySpan<byte> encoded)
    {
        var name = ImageFormats.NameOf(format);
        // Skia also says IncompleteInput of whole files that it cannot read, such as lossless JPEG: "send the whole file" would be no cure.
        if (result == SKCodecResult.IncompleteInput && !ImageFormats.HasItsEnd(encoded, format))
        {
            return new(ImageProblem.Truncated,
                $"The {name} file ends before its image does, after {encoded.Length:N0} bytes. Send the whole file.");
        }
        return new(ImageProblem.Corrupt,
            $"The {name} file of {encoded.Length:N0} bytes is damaged or of an unusual variant ({result}); expected an image "
            + "that decodes without errors. Save it again as a baseline JPEG or a PNG.");
    }
}
