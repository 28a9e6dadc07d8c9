using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace BiT.Core.Runtime.Kernels;

/// <summary>A convolution's source at the sixteen points of <see cref="WinogradConvolution"/>.</summary>
internal static unsafe class WinogradSource
{
    // Neighbouring channels lie too far apart for the processor to see by itself where reading goes on.
    private const int ChannelsAhead = 4;

    /// <summary>B^T d B of the tiles of a segment; lanes behind them are overwritten with values that mean nothing.</summary>
    /// <param name="source">[N,C,H,W].</param>
    /// <param name="shape">The convolution's.</param>
    /// <param name="segment">The tiles.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="target">The segment's first lane, at the first point.</param>
    public static void Transform(float* source, WinogradShape shape, TileSegment segment, int channel, float* target)
    {
        var map = source + ((long)segment.Image * shape.Channels + channel) * shape.Map;
        var columns = new SourceColumns(2 * segment.Column - 1, shape.Width);
        var row = 2 * segment.Row - 1;
        var pitch = shape.SourcePitch;
        if (channel + ChannelsAhead < shape.Channels)
            columns.Fetch(map + (long)ChannelsAhead * shape.Map, row, shape);
        columns.Read(map, row, shape, out var a0, out var a1, out var a2, out var a3);
        columns.Read(map, row + 1, shape, out var b0, out var b1, out var b2, out var b3);
        columns.Read(map, row + 2, shape, out var c0, out var c1, out var c2, out var c3);
        Vector512.Store(a0 - c0, target);
        Vector512.Store(a1 - c1, target + pitch);
        Vector512.Store(a2 - c2, target + 2 * pitch);
        Vector512.Store(a3 - c3, target + 3 * pitch);
        target += 4 * pitch;
        Vector512.Store(b0 + c0, target);
        Vector512.Store(b1 + c1, target + pitch);
        Vector512.Store(b2 + c2, target + 2 * pitch);
        Vector512.Store(b3 + c3, target + 3 * pitch);
        target += 4 * pitch;
        Vector512.Store(c0 - b0, target);
        Vector512.Store(c1 - b1, target + pitch);
        Vector512.Store(c2 - b2, target + 2 * pitch);
        Vector512.Store(c3 - b3, target + 3 * pitch);
        target += 4 * pitch;
        columns.Read(map, row + 3, shape, out a0, out a1, out a2, out a3);
        Vector512.Store(b0 - a0, target);
        Vector512.Store(b1 - a1, target + pitch);
        Vector512.Store(b2 - a2, target + 2 * pitch);
        Vector512.Store(b3 - a3, target + 3 * pitch);
    }

    // d B of one row: the four points of up to 16 tiles, whose columns begin at first and follow each other by two.
    private readonly ref struct SourceColumns
    {
        private readonly int _first;
        private readonly Vector512<float> _mask;
        private readonly Vector512<float> _maskBehind;
        private readonly Vector512<float> _maskNext;
        private readonly Vector512<float> _maskNextBehind;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public SourceColumns(int first, int width)
        {
            _first = first;
            if (!Avx512F.IsSupported)
                return;
            _mask = Inside(first, width);
            _maskBehind = Inside(first + 16, width);
            _maskNext = Inside(first + 2, width);
            _maskNextBehind = Inside(first + 18, width);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Read(
            float* map, int row, WinogradShape shape,
            out Vector512<float> point0, out Vector512<float> point1, out Vector512<float> point2, out Vector512<float> point3)
        {
            if (row < 0 || row >= shape.Height)
            {
                point0 = point1 = point2 = point3 = Vector512<float>.Zero;
                return;
            }
            Vector512<float> outer, inner, innerNext, outerNext;
            var at = map + (long)row * shape.Width + _first;
            if (Avx512F.IsSupported)
            {
                // Lanes that are masked out are not read: the address may lie outside of the tensor.
                var (left, right) = (Avx512F.MaskLoad(at, _mask, Vector512<float>.Zero), Avx512F.MaskLoad(at + 16, _maskBehind, Vector512<float>.Zero));
                outer = Avx512F.PermuteVar16x32x2(left, Even, right);
                inner = Avx512F.PermuteVar16x32x2(left, Odd, right);
                (left, right) = (Avx512F.MaskLoad(at + 2, _maskNext, Vector512<float>.Zero), Avx512F.MaskLoad(at + 18, _maskNextBehind, Vector512<float>.Zero));
                innerNext = Avx512F.PermuteVar16x32x2(left, Even, right);
                outerNext = Avx512F.PermuteVar16x32x2(left, Odd, right);
            }
            else
            {
                ReadEach(at, _first, shape.Width, out outer, out inner, out innerNext, out outerNext);
            }
            point0 = outer - innerNext;
            point1 = inner + innerNext;
            point2 = innerNext - inner;
            point3 = inner - outerNext;
        }

        // What a later channel will read.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Fetch(float* map, int row, WinogradShape shape)
        {
            if (!Sse.IsSupported)
                return;
            for (var end = Math.Min(row + 4, shape.Height); row < end; row++)
            {
                var at = map + (long)row * shape.Width + _first;
                Sse.Prefetch0(at);
                Sse.Prefetch0(at + 16);
                Sse.Prefetch0(at + 32);
            }
        }

        private static void ReadEach(
            float* at, int first, int width,
            out Vector512<float> outer, out Vector512<float> inner, out Vector512<float> innerNext, out Vector512<float> outerNext)
        {
            const int pairs = 17;
            var even = stackalloc float[pairs];
            var odd = stackalloc float[pairs];
            for (var pair = 0; pair < pairs; pair++)
            {
                var column = first + 2 * pair;
                even[pair] = column >= 0 && column < width ? at[2 * pair] : 0;
                odd[pair] = column + 1 < width ? at[2 * pair + 1] : 0;
            }
            (outer, inner) = (Vector512.Load(even), Vector512.Load(odd));
            (innerNext, outerNext) = (Vector512.Load(even + 1), Vector512.Load(odd + 1));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Inside(int first, int width)
        {
            var column = Vector512.Create(first) + Vector512<int>.Indices;
            return (Vector512.GreaterThanOrEqual(column, Vector512<int>.Zero) & Vector512.LessThan(column, Vector512.Create(width))).AsSingle();
        }

        private static Vector512<int> Even => Vector512<int>.Indices * 2;

        private static Vector512<int> Odd => Vector512<int>.Indices * 2 + Vector512<int>.One;
    }
}
