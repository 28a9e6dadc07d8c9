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
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (destination.Length != 3L * height * width)
        {
            throw new ArgumentException(
                $"Expected {height} x {width} x 3 = {3L * height * width} bytes, got {destination.Length}.", nameof(destination));
        }
        using var pixels = ImageDecoder.DecodePixels(encoded, limits, width, height);
        TriangleResampler.Resize(pixels.Bytes, PixelBuffer.BytesPerPixel, pixels.Width, pixels.Height, width, height, destination);
    }
}
