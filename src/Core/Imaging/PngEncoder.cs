using System.Runtime.InteropServices;
using SkiaSharp;

namespace BiT.Core.Imaging;

/// <summary>Writes pixels as PNG files, without loss.</summary>
public static class PngEncoder
{
    /// <summary>Encodes a square.</summary>
    /// <param name="pixels">RGB, [side, side, 3] row-major.</param>
    /// <param name="side">Side in pixels.</param>
    public static byte[] Encode(ReadOnlySpan<byte> pixels, int side)
    {
        if (pixels.Length != side * side * 3)
            throw new ArgumentException($"A square of {side} pixels has {side * side * 3} bytes; got {pixels.Length}.", nameof(pixels));
        var rgba = new byte[side * side * 4];
        for (var index = 0; index < side * side; index++)
        {
            pixels.Slice(index * 3, 3).CopyTo(rgba.AsSpan(index * 4));
            rgba[index * 4 + 3] = byte.MaxValue;
        }
        var info = new SKImageInfo(side, side, SKColorType.Rgba8888, SKAlphaType.Opaque);
        var pinned = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        try
        {
            using var map = new SKPixmap(info, pinned.AddrOfPinnedObject());
            using var encoded = map.Encode(SKPngEncoderOptions.Default) ?? throw new InvalidOperationException("Skia could not write a PNG.");
            return encoded.ToArray();
        }
        finally
        {
            pinned.Free();
        }
    }
}
