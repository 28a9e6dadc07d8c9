using System.Buffers;

namespace BiT.Core.Imaging;

/// <summary>Decode and resize: the one path from a photo to a network's bytes, for training, evaluation and serving.</summary>
/// <remarks>BiT resizes without keeping the aspect ratio, to p x p for training (then crops c x c) and to c x c for evaluation.</remarks>
public static class SquareTransform
{
    /// <summary>Decodes a photo and resizes it into the caller's memory.</summary>
    /// <param name="encoded">The content of an image file.</param>
    /// <param name="limits">Limits on bytes, side and area.</param>
    /// <param name="height">Height of the result in pixels, at least 1.</param>
    /// <param name="width">Width of the result in pixels, at least 1.</param>
    /// <param name="destination">Receives RGB bytes, [height, width, 3]; exactly that long.</param>
    /// <exception cref="ImageRejectedException">The image cannot be used; the destination is unchanged.</exception>
    public static void Resize(ReadOnlySpan<byte> encoded, ImageLimits limits, int height, int width, Span<byte> destination)
    {
        CheckDestination(height, width, destination);
        using var pixels = ImageDecoder.DecodePixels(encoded, limits, width, height);
        TriangleResampler.Resize(pixels.Bytes, PixelBuffer.BytesPerPixel, pixels.Width, pixels.Height, width, height, destination);
    }

    /// <summary>Decodes a photo and resizes a part of it into the caller's memory: what random resized crops are made of.</summary>
    /// <param name="encoded">The content of an image file.</param>
    /// <param name="limits">Limits on bytes, side and area.</param>
    /// <param name="chooseWindow">Chooses the part from the photo's header; it must lie within the photo.</param>
    /// <param name="height">Height of the result in pixels, at least 1.</param>
    /// <param name="width">Width of the result in pixels, at least 1.</param>
    /// <param name="destination">Receives RGB bytes, [height, width, 3]; exactly that long.</param>
    /// <remarks>A large JPEG is decoded at a fraction of its size as for <see cref="Resize"/>, while the part keeps twice the result's
    /// size; its edges are then rounded to the decoded pixels.</remarks>
    /// <exception cref="ImageRejectedException">The image cannot be used; the destination is unchanged.</exception>
    public static void ResizeWindow(
        ReadOnlySpan<byte> encoded, ImageLimits limits, Func<ImageHeader, PhotoWindow> chooseWindow, int height, int width, Span<byte> destination)
    {
        CheckDestination(height, width, destination);
        var header = ImageDecoder.ReadHeader(encoded, limits);
        var window = chooseWindow(header);
        if (window.Left < 0 || window.Top < 0 || window.Width < 1 || window.Height < 1
            || (long)window.Left + window.Width > header.Width || (long)window.Top + window.Height > header.Height)
        {
            throw new ArgumentException($"{window} does not lie within the photo of {header.Width} x {header.Height}.", nameof(chooseWindow));
        }
        // The size that the whole photo would have if the part had the result's.
        using var pixels = ImageDecoder.DecodePixels(encoded, limits, Whole(width, header.Width, window.Width), Whole(height, header.Height, window.Height));
        var part = window.ScaledTo(header.Width, header.Height, pixels.Width, pixels.Height);
        var rowBytes = part.Width * PixelBuffer.BytesPerPixel;
        var rented = ArrayPool<byte>.Shared.Rent(checked(rowBytes * part.Height));
        try
        {
            var source = pixels.Bytes;
            for (var row = 0; row < part.Height; row++)
            {
                var start = ((part.Top + row) * pixels.Width + part.Left) * PixelBuffer.BytesPerPixel;
                source.Slice(start, rowBytes).CopyTo(rented.AsSpan(row * rowBytes));
            }
            TriangleResampler.Resize(
                rented.AsSpan(0, rowBytes * part.Height), PixelBuffer.BytesPerPixel, part.Width, part.Height, width, height, destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static int Whole(int target, int photo, int part) => (int)Math.Min(int.MaxValue / 16, ((long)target * photo + part - 1) / part);

    private static void CheckDestination(int height, int width, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (destination.Length != 3L * height * width)
        {
            throw new ArgumentException(
                $"Expected {height} x {width} x 3 = {3L * height * width} bytes, got {destination.Length}.", nameof(destination));
        }
    }
}
