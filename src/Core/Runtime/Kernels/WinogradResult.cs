using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace BiT.Core.Runtime.Kernels;

/// <summary>A convolution's result from its products at the sixteen points of <see cref="WinogradConvolution"/>.</summary>
internal static unsafe class WinogradResult
{
    /// <summary>A^T m A of the tiles of a segment: a part of two rows of the result.</summary>
    /// <param name="products">The segment's first lane, at the first point.</param>
    /// <param name="shape">The convolution's.</param>
    /// <param name="segment">The tiles.</param>
    /// <param name="output">The channel.</param>
    /// <param name="result">[N,D,H,W].</param>
    public static void Store(float* products, WinogradShape shape, TileSegment segment, int output, float* result)
    {
        Columns(products, out var upper0, out var lower0);
        Columns(products + WinogradShape.ProductPitch, out var upper1, out var lower1);
        Columns(products + 2 * WinogradShape.ProductPitch, out var upper2, out var lower2);
        Columns(products + 3 * WinogradShape.ProductPitch, out var upper3, out var lower3);
        var at = result + ((long)segment.Image * shape.Outputs + output) * shape.Map + 2L * segment.Row * shape.Width + 2 * segment.Column;
        var count = Math.Min(2 * segment.Count, shape.Width - 2 * segment.Column);
        StorePairs(upper0 + upper1 + upper2, upper1 - upper2 - upper3, at, count);
        if (2 * segment.Row + 1 < shape.Height)
            StorePairs(lower0 + lower1 + lower2, lower1 - lower2 - lower3, at + shape.Width, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns(float* products, out Vector512<float> upper, out Vector512<float> lower)
    {
        const int pitch = 4 * WinogradShape.ProductPitch;
        var (first, second) = (Vector512.Load(products + pitch), Vector512.Load(products + 2 * pitch));
        upper = Vector512.Load(products) + first + second;
        lower = first - second - Vector512.Load(products + 3 * pitch);
    }

    // The left and the right column of each tile, in turns.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs(Vector512<float> left, Vector512<float> right, float* target, int count)
    {
        if (!Avx512F.IsSupported)
        {
            StoreEach(left, right, target, count);
            return;
        }
        var low = Avx512F.PermuteVar16x32x2(left, LowPairs, right);
        var high = Avx512F.PermuteVar16x32x2(left, HighPairs, right);
        if (count == 2 * Vector512<float>.Count)
        {
            Vector512.Store(low, target);
            Vector512.Store(high, target + 16);
            return;
        }
        Avx512F.MaskStore(target, Below(count), low);
        Avx512F.MaskStore(target + 16, Below(count - 16), high);
    }

    private static void StoreEach(Vector512<float> left, Vector512<float> right, float* target, int count)
    {
        var lanes = stackalloc float[2 * Vector512<float>.Count];
        Vector512.Store(left, lanes);
        Vector512.Store(right, lanes + Vector512<float>.Count);
        for (var index = 0; index < count; index++)
            target[index] = lanes[index / 2 + index % 2 * Vector512<float>.Count];
    }

    private static Vector512<int> LowPairs => Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);

    private static Vector512<int> HighPairs => Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Below(int count) => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();
}
