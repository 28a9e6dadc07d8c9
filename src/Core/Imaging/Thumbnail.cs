using SkiaSharp;

namespace BiT.Core.Imaging;

/// <summary>A small JPEG of a photo, upright, for people to look at.</summary>
/// <param name="Jpeg">The encoded file.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
public sealed record Thumbnail(byte[] Jpeg, int Width, int Height)
{
    private const int JpegQuality = 80;

    /// <summary>Makes one: decoded and resized as for a network, but with the photo's own proportions.</summary>
    /// <param name="encoded">The content of an image file.</param>
    /// <param name="limits">Limits on bytes, side and area.</param>
    /// <param name="side">Longest side in pixels, at least 1; smaller photos are not enlarged.</param>
    /// <exception cref="ImageRejectedException">The image cannot be used.</exception>
    public static Thumbnail Make(ReadOnlySpan<byte> encoded, ImageLimits limits, int side)
    {
        var (width, height) = SizeOf(ImageDecoder.ReadHeader(encoded, limits), side);
        var rgb = new byte[3 * width * height];
        SquareTransform.Resize(encoded, limits, height, width, rgb);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgb888x, SKAlphaType.Opaque));
        var pixels = bitmap.GetPixelSpan();
        for (int from = 0, to = 0; from < rgb.Length; from += 3, to += 4)
        {
            rgb.AsSpan(from, 3).CopyTo(pixels[to..]);
            pixels[to + 3] = byte.MaxValue;
        }
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, JpegQuality)
            ?? throw new InvalidOperationException($"A picture of {width} x {height} pixels could not be encoded as JPEG.");
        return new Thumbnail(data.ToArray(), width, height);
    }

    /// <summary>Width and height of the thumbnail of a photo of that size.</summary>
    /// <param name="header">Size of the photo.</param>
    /// <param name="side">Longest side in pixels, at least 1.</param>
    public static (int Width, int Height) SizeOf(ImageHeader header, int side)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(side);
        var longest = Math.Max(header.Width, header.Height);
        return longest <= side
            ? (header.Width, header.Height)
            : (Scaled(header.Width), Scaled(header.Height));

        int Scaled(int length) => Math.Max(1, (int)Math.Round((double)length * side / longest, MidpointRounding.AwayFromZero));
    }
}
