namespace BiT.Training.Datasets;

/// <summary>Bytes to the network's input: (x - 127.5) / 127.5, planes instead of pixels.</summary>
internal static class PixelConversion
{
    private static readonly float[] Normalized = [.. Enumerable.Range(0, 256).Select(value => (value - 127.5f) / 127.5f)];

    /// <summary>Back to bytes, rounded: exact for what <see cref="ToPlanes"/> made.</summary>
    /// <param name="planes">[3, side, side] row-major, -1 to 1.</param>
    /// <param name="side">Side in pixels.</param>
    /// <returns>[side, side, 3] row-major.</returns>
    public static byte[] ToBytes(ReadOnlySpan<float> planes, int side)
    {
        var area = side * side;
        var pixels = new byte[3 * area];
        for (var index = 0; index < area; index++)
        {
            for (var channel = 0; channel < 3; channel++)
                pixels[index * 3 + channel] = (byte)Math.Clamp(MathF.Round(planes[channel * area + index] * 127.5f + 127.5f), 0, 255);
        }
        return pixels;
    }

    /// <summary>Converts a crop of an RGB square.</summary>
    /// <param name="pixels">[side, side, 3] row-major.</param>
    /// <param name="side">Side of the source, in pixels.</param>
    /// <param name="crop">Left, top and side of the crop, and whether it is mirrored.</param>
    /// <param name="destination">[3, crop, crop] row-major.</param>
    public static void ToPlanes(ReadOnlySpan<byte> pixels, int side, CropWindow crop, Span<float> destination)
    {
        var area = crop.Side * crop.Side;
        for (var y = 0; y < crop.Side; y++)
        {
            var row = pixels.Slice(((crop.Top + y) * side + crop.Left) * 3, crop.Side * 3);
            var red = destination.Slice(y * crop.Side, crop.Side);
            var green = destination.Slice(area + y * crop.Side, crop.Side);
            var blue = destination.Slice(2 * area + y * crop.Side, crop.Side);
            for (var x = 0; x < crop.Side; x++)
            {
                var from = (crop.Mirrored ? crop.Side - 1 - x : x) * 3;
                red[x] = Normalized[row[from]];
                green[x] = Normalized[row[from + 1]];
                blue[x] = Normalized[row[from + 2]];
            }
        }
    }
}

/// <summary>A square part of a picture, in pixels, mirrored left to right or not.</summary>
internal readonly record struct CropWindow(int Left, int Top, int Side, bool Mirrored)
{
    /// <summary>The whole square.</summary>
    public static CropWindow Whole(int side) => new(0, 0, side, false);
}
