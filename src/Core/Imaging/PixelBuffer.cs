using System.Runtime.InteropServices;

namespace BiT.Core.Imaging;

/// <summary>Decoded pixels outside the managed heap: R, G, B and one ignored byte each, row-major.</summary>
/// <remarks>Tens of megabytes that live for milliseconds: native, so that they neither fragment the large object heap nor wait for it to be
/// collected. Four bytes per pixel because the decoder writes that and the resampler loads a pixel at once.</remarks>
internal sealed unsafe class PixelBuffer : IDisposable
{
    public const int BytesPerPixel = 4;

    private uint* _pixels;

    public PixelBuffer(int width, int height)
    {
        Width = width;
        Height = height;
        // Zeroed: a decoder that leaves a pixel out must not show what the memory held before.
        _pixels = (uint*)NativeMemory.AllocZeroed((nuint)width * (nuint)height, BytesPerPixel);
    }

    public int Width { get; }

    public int Height { get; }

    public nint Address => (nint)_pixels;

    /// <summary>The pixels as bytes, [Height, Width, 4]; valid until Dispose.</summary>
    public ReadOnlySpan<byte> Bytes => new(_pixels, checked(Width * Height * BytesPerPixel));

    /// <summary>Turns the picture as its EXIF orientation asks.</summary>
    /// <param name="orientation">1 to 8.</param>
    /// <returns>A new buffer, which the caller disposes.</returns>
    public PixelBuffer Orient(int orientation)
    {
        var lastRow = (long)(Height - 1) * Width;
        var lastColumn = Width - 1;
        // Source index of the result's pixel (y, x) = origin + y * stepDown + x * stepRight.
        var (origin, stepDown, stepRight) = orientation switch
        {
            1 => (0L, Width, 1),
            2 => (lastColumn, Width, -1),
            3 => (lastRow + lastColumn, -Width, -1),
            4 => (lastRow, -Width, 1),
            5 => (0L, 1, Width),
            6 => (lastRow, 1, -Width),
            7 => (lastRow + lastColumn, -1, -Width),
            8 => (lastColumn, -1, Width),
            _ => throw new ArgumentOutOfRangeException(nameof(orientation), orientation, "EXIF orientation is 1 to 8."),
        };
        var result = orientation >= 5 ? new PixelBuffer(Height, Width) : new PixelBuffer(Width, Height);
        // In tiles, so that a quarter turn of a large picture does not miss the cache at every pixel.
        const int Tile = 32;
        for (var top = 0; top < result.Height; top += Tile)
        {
            var bottom = Math.Min(top + Tile, result.Height);
            for (var left = 0; left < result.Width; left += Tile)
            {
                var right = Math.Min(left + Tile, result.Width);
                for (var y = top; y < bottom; y++)
                {
                    var target = result._pixels + ((long)y * result.Width);
                    var source = _pixels + origin + ((long)y * stepDown);
                    for (var x = left; x < right; x++)
                        target[x] = source[(long)x * stepRight];
                }
            }
        }
        return result;
    }

    /// <summary>Copies the picture without the fourth byte.</summary>
    public RgbImage ToRgbImage()
    {
        var pixels = GC.AllocateUninitializedArray<byte>(checked(Width * Height * 3));
        CopyRgbTo(pixels);
        return new RgbImage(Width, Height, pixels);
    }

    /// <summary>Copies R, G and B, [Height, Width, 3].</summary>
    public void CopyRgbTo(Span<byte> destination)
    {
        var source = Bytes;
        destination = destination[..checked(Width * Height * 3)];
        for (int from = 0, to = 0; to < destination.Length; from += BytesPerPixel, to += 3)
        {
            destination[to] = source[from];
            destination[to + 1] = source[from + 1];
            destination[to + 2] = source[from + 2];
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(_pixels);
        _pixels = null;
    }
}
