using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BiT.Core.Imaging;

/// <summary>Resizes with the antialiased triangle filter of Pillow's BILINEAR, equal to it in every byte.</summary>
/// <remarks>Two passes, horizontal then vertical, each with weights in 22-bit fixed point, rounded to 8 bits in between. Integer sums do
/// not depend on their order, so the vector code gives the same bytes on every machine.</remarks>
public static class TriangleResampler
{
    // The horizontal pass stores four bytes for each pixel of three; the fourth is overwritten by the next pixel or lands here.
    private const int Padding = 4;

    /// <summary>Resizes a picture; the aspect ratio is not kept.</summary>
    /// <param name="source">The picture.</param>
    /// <param name="width">Width of the result in pixels, at least 1.</param>
    /// <param name="height">Height of the result in pixels, at least 1.</param>
    public static RgbImage Resize(RgbImage source, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        var pixels = GC.AllocateUninitializedArray<byte>(checked(width * height * 3));
        Resize(source.Pixels, 3, source.Width, source.Height, width, height, pixels);
        return new RgbImage(width, height, pixels);
    }

    /// <param name="source">[sourceHeight, sourceWidth, bytesPerPixel], R, G, B first.</param>
    /// <param name="bytesPerPixel">3 or 4; a fourth byte is ignored.</param>
    /// <param name="destination">Receives [height, width, 3].</param>
    internal static void Resize(
        ReadOnlySpan<byte> source, int bytesPerPixel, int sourceWidth, int sourceHeight, int width, int height, Span<byte> destination)
    {
        var rowLength = checked(width * 3);
        var rented = ArrayPool<byte>.Shared.Rent(checked((rowLength * sourceHeight) + Padding));
        try
        {
            var narrowed = rented.AsSpan(0, (rowLength * sourceHeight) + Padding);
            ResizeRows(source, bytesPerPixel, sourceWidth, sourceHeight, width, narrowed);
            ResizeColumns(narrowed, rowLength, sourceHeight, height, destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void ResizeRows(
        ReadOnlySpan<byte> source, int bytesPerPixel, int sourceWidth, int sourceHeight, int width, Span<byte> target)
    {
        var table = ResampleTable.Create(sourceWidth, width);
        var sourceLength = sourceWidth * bytesPerPixel;
        for (var y = 0; y < sourceHeight; y++)
        {
            var output = target.Slice(y * width * 3, (width * 3) + Padding);
            // A pixel is loaded as four bytes: of the last row of packed RGB, that would read behind the end.
            var row = source.Slice(y * sourceLength, sourceLength);
            if (bytesPerPixel == 4 || y < sourceHeight - 1)
                ResizeRow(ref MemoryMarshal.GetReference(row), bytesPerPixel, table, width, output);
            else
                ResizeLastRow(row, table, width, output);
        }
    }

    private static void ResizeRow(ref byte row, int bytesPerPixel, ResampleTable table, int width, Span<byte> output)
    {
        for (var x = 0; x < width; x++)
        {
            var weights = table.Weights(x);
            ref var pixel = ref Unsafe.Add(ref row, (nint)table.Start(x) * bytesPerPixel);
            var even = Vector128.Create(ResampleTable.Half);
            var odd = Vector128<int>.Zero;
            var k = 0;
            for (; k <= weights.Length - 2; k += 2)
            {
                even += LoadPixel(ref pixel) * weights[k];
                odd += LoadPixel(ref Unsafe.Add(ref pixel, bytesPerPixel)) * weights[k + 1];
                pixel = ref Unsafe.Add(ref pixel, 2 * bytesPerPixel);
            }
            if (k < weights.Length)
                even += LoadPixel(ref pixel) * weights[k];
            var bytes = ToBytes(even + odd);
            Unsafe.WriteUnaligned(ref output[x * 3], bytes);
        }
    }

    private static void ResizeLastRow(ReadOnlySpan<byte> row, ResampleTable table, int width, Span<byte> output)
    {
        for (var x = 0; x < width; x++)
        {
            var weights = table.Weights(x);
            var pixels = row[(table.Start(x) * 3)..];
            int red = ResampleTable.Half, green = ResampleTable.Half, blue = ResampleTable.Half;
            for (var k = 0; k < weights.Length; k++)
            {
                red += pixels[3 * k] * weights[k];
                green += pixels[(3 * k) + 1] * weights[k];
                blue += pixels[(3 * k) + 2] * weights[k];
            }
            output[3 * x] = ToByte(red);
            output[(3 * x) + 1] = ToByte(green);
            output[(3 * x) + 2] = ToByte(blue);
        }
    }

    private static void ResizeColumns(ReadOnlySpan<byte> source, int rowLength, int sourceHeight, int height, Span<byte> destination)
    {
        var table = ResampleTable.Create(sourceHeight, height);
        for (var y = 0; y < height; y++)
        {
            var weights = table.Weights(y);
            var rows = source.Slice(table.Start(y) * rowLength, weights.Length * rowLength);
            var output = destination.Slice(y * rowLength, rowLength);
            ref var first = ref MemoryMarshal.GetReference(rows);
            var x = 0;
            for (; x <= rowLength - Vector256<byte>.Count; x += Vector256<byte>.Count)
                SumColumns(ref Unsafe.Add(ref first, x), rowLength, weights).CopyTo(output[x..]);
            for (; x < rowLength; x++)
            {
                var sum = ResampleTable.Half;
                for (var k = 0; k < weights.Length; k++)
                    sum += rows[(k * rowLength) + x] * weights[k];
                output[x] = ToByte(sum);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> SumColumns(ref byte column, int rowLength, ReadOnlySpan<int> weights)
    {
        var sum0 = Vector256.Create(ResampleTable.Half);
        var sum1 = sum0;
        var sum2 = sum0;
        var sum3 = sum0;
        foreach (var weight in weights)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref column));
            var (low0, low1) = Vector256.Widen(low);
            var (high0, high1) = Vector256.Widen(high);
            sum0 += low0.AsInt32() * weight;
            sum1 += low1.AsInt32() * weight;
            sum2 += high0.AsInt32() * weight;
            sum3 += high1.AsInt32() * weight;
            column = ref Unsafe.Add(ref column, rowLength);
        }
        return Vector256.Narrow(
            Vector256.Narrow(Shift(sum0), Shift(sum1)),
            Vector256.Narrow(Shift(sum2), Shift(sum3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Shift(Vector256<int> sum) =>
        Vector256.Min(sum >>> ResampleTable.PrecisionBits, Vector256.Create(255)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> LoadPixel(ref byte pixel)
    {
        var bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(ref pixel)).AsByte();
        return Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint ToBytes(Vector128<int> sum)
    {
        var values = Vector128.Min(sum >>> ResampleTable.PrecisionBits, Vector128.Create(255)).AsUInt32();
        var shorts = Vector128.Narrow(values, values);
        return Vector128.Narrow(shorts, shorts).AsUInt32().ToScalar();
    }

    // The weights are not negative; a sum may only pass 255 through their rounding.
    private static byte ToByte(int sum) => (byte)Math.Min(sum >>> ResampleTable.PrecisionBits, 255);
}
