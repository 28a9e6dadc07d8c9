using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace BiT.Core.Runtime.Kernels;

/// <summary>Images with their channels last, in panels of <see cref="Width"/> channels: what a product reads row by row.</summary>
internal static unsafe class Panels
{
    /// <summary>Channels of a panel: two vectors.</summary>
    public const int Width = 32;

    /// <summary>Panels that hold the channels; the last one is filled up with zeros.</summary>
    public static int Count(int channels) => (channels + Width - 1) / Width;

    /// <summary>Copies [N,C,P] into panels [panel][N*P][32].</summary>
    /// <returns>Scratch memory of the context.</returns>
    public static float* Pack(KernelContext context, float* source, int images, int channels, int positions)
    {
        var count = Count(channels);
        var panels = context.Scratch((long)count * images * positions * Width);
        context.ParallelFor(count * images, task =>
        {
            var (panel, image) = (task / images, task % images);
            var first = panel * Width;
            TransposePadded(source + ((long)image * channels + first) * positions, panels + ((long)panel * images + image) * positions * Width,
                Math.Min(Width, channels - first), positions);
        });
        return panels;
    }

    // [rows][columns] to [columns][32].
    private static void TransposePadded(float* source, float* target, int rows, int columns)
    {
        if (rows < Width)
            new Span<float>(target, columns * Width).Clear();
        Transpose(source, columns, target, Width, rows, columns);
    }

    /// <summary>Writes the transpose: target[column * targetPitch + row] = source[row * sourcePitch + column].</summary>
    public static void Transpose(float* source, nint sourcePitch, float* target, nint targetPitch, int rows, int columns)
    {
        var row = 0;
        if (Sse.IsSupported)
        {
            for (; row + 4 <= rows; row += 4)
            {
                var column = 0;
                for (; column + 4 <= columns; column += 4)
                    TransposeFour(source + row * sourcePitch + column, sourcePitch, target + column * targetPitch + row, targetPitch);
                for (; column < columns; column++)
                {
                    for (var one = 0; one < 4; one++)
                        target[column * targetPitch + row + one] = source[(row + one) * sourcePitch + column];
                }
            }
        }
        for (; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                target[column * targetPitch + row] = source[row * sourcePitch + column];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFour(float* source, nint sourcePitch, float* target, nint targetPitch)
    {
        var (a, b) = (Vector128.Load(source), Vector128.Load(source + sourcePitch));
        var (c, d) = (Vector128.Load(source + 2 * sourcePitch), Vector128.Load(source + 3 * sourcePitch));
        var (abLow, abHigh) = (Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b));
        var (cdLow, cdHigh) = (Sse.UnpackLow(c, d), Sse.UnpackHigh(c, d));
        Vector128.Store(Sse.MoveLowToHigh(abLow, cdLow), target);
        Vector128.Store(Sse.MoveHighToLow(cdLow, abLow), target + targetPitch);
        Vector128.Store(Sse.MoveLowToHigh(abHigh, cdHigh), target + 2 * targetPitch);
        Vector128.Store(Sse.MoveHighToLow(cdHigh, abHigh), target + 3 * targetPitch);
    }
}
