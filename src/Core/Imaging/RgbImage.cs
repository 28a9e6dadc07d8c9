namespace BiT.Core.Imaging;

/// <summary>A decoded picture: 8-bit RGB.</summary>
public sealed class RgbImage
{
    /// <summary>Wraps pixels without copying them.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="pixels">RGB bytes, [height, width, 3] row-major; the picture keeps the array.</param>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (pixels.Length != 3L * width * height)
        {
            throw new ArgumentException(
                $"Expected {width} x {height} x 3 = {3L * width * height} bytes, got {pixels.Length}.", nameof(pixels));
        }
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>RGB bytes, [Height, Width, 3] row-major.</summary>
    public byte[] Pixels { get; }
}
