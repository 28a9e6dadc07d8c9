using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace BiT.Core.Runtime.Kernels;

/// <summary>The inner loops of convolutions and of their gradients: sums of one value times 32 others, for several values at once. Of the gradient by the
/// kernel the value is one of the image, the 32 are gradients, and the sum runs over positions.</summary>
/// <remarks>Each adds to a tile [rows][32] what count positions give, or overwrites it. The sums of a call start at 0 and are added to the tile at its
/// end: sums of sums keep more digits than one long sum. Per element the order is that of the positions, whatever the width of the vectors.
/// None is inlined, and what they call always is: with a call inside, or with the caller's values, the compiler keeps accumulators in memory, and
/// the loop is half as fast.</remarks>
internal static unsafe class InnerProducts
{
    /// <summary>Positions of one call: 32 KB of gradients, which stay in the first cache while several rows meet them.</summary>
    public const int MostPositions = 256;

    /// <summary>Rows: the 3x3 window at each position, top to bottom, left to right.</summary>
    /// <param name="image">The padded image.</param>
    /// <param name="pitch">Elements between its rows.</param>
    /// <param name="offsets">Per position the window's first element.</param>
    /// <param name="gradients">[count][32].</param>
    /// <param name="count">Positions.</param>
    /// <param name="tile">[9][32].</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Window3(float* image, nint pitch, int* offsets, float* gradients, int count, float* tile)
    {
        var (a0, b0, a1, b1, a2, b2) = Zero6();
        var (a3, b3, a4, b4, a5, b5) = Zero6();
        var (a6, b6, a7, b7, a8, b8) = Zero6();
        for (var position = 0; position < count; position++)
        {
            var top = image + offsets[position];
            var middle = top + pitch;
            var bottom = middle + pitch;
            var (left, right) = (Vector512.Load(gradients), Vector512.Load(gradients + 16));
            gradients += Panels.Width;
            var value = Vector512.Create(top[0]);
            a0 = Vector512.FusedMultiplyAdd(value, left, a0);
            b0 = Vector512.FusedMultiplyAdd(value, right, b0);
            value = Vector512.Create(top[1]);
            a1 = Vector512.FusedMultiplyAdd(value, left, a1);
            b1 = Vector512.FusedMultiplyAdd(value, right, b1);
            value = Vector512.Create(top[2]);
            a2 = Vector512.FusedMultiplyAdd(value, left, a2);
            b2 = Vector512.FusedMultiplyAdd(value, right, b2);
            value = Vector512.Create(middle[0]);
            a3 = Vector512.FusedMultiplyAdd(value, left, a3);
            b3 = Vector512.FusedMultiplyAdd(value, right, b3);
            value = Vector512.Create(middle[1]);
            a4 = Vector512.FusedMultiplyAdd(value, left, a4);
            b4 = Vector512.FusedMultiplyAdd(value, right, b4);
            value = Vector512.Create(middle[2]);
            a5 = Vector512.FusedMultiplyAdd(value, left, a5);
            b5 = Vector512.FusedMultiplyAdd(value, right, b5);
            value = Vector512.Create(bottom[0]);
            a6 = Vector512.FusedMultiplyAdd(value, left, a6);
            b6 = Vector512.FusedMultiplyAdd(value, right, b6);
            value = Vector512.Create(bottom[1]);
            a7 = Vector512.FusedMultiplyAdd(value, left, a7);
            b7 = Vector512.FusedMultiplyAdd(value, right, b7);
            value = Vector512.Create(bottom[2]);
            a8 = Vector512.FusedMultiplyAdd(value, left, a8);
            b8 = Vector512.FusedMultiplyAdd(value, right, b8);
        }
        AddRow(tile, 0, a0, b0);
        AddRow(tile, 1, a1, b1);
        AddRow(tile, 2, a2, b2);
        AddRow(tile, 3, a3, b3);
        AddRow(tile, 4, a4, b4);
        AddRow(tile, 5, a5, b5);
        AddRow(tile, 6, a6, b6);
        AddRow(tile, 7, a7, b7);
        AddRow(tile, 8, a8, b8);
    }

    /// <summary>Rows: seven neighbours at each position, left to right; a row of the 7x7 window.</summary>
    /// <param name="image">The padded image, at the window's row.</param>
    /// <param name="offsets">Per position the first of the neighbours.</param>
    /// <param name="gradients">[count][32].</param>
    /// <param name="count">Positions.</param>
    /// <param name="tile">[7][32].</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Row7(float* image, int* offsets, float* gradients, int count, float* tile)
    {
        var (a0, b0, a1, b1, a2, b2) = Zero6();
        var (a3, b3, a4, b4, a5, b5) = Zero6();
        var (a6, b6) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var position = 0; position < count; position++)
        {
            var at = image + offsets[position];
            var (left, right) = (Vector512.Load(gradients), Vector512.Load(gradients + 16));
            gradients += Panels.Width;
            var value = Vector512.Create(at[0]);
            a0 = Vector512.FusedMultiplyAdd(value, left, a0);
            b0 = Vector512.FusedMultiplyAdd(value, right, b0);
            value = Vector512.Create(at[1]);
            a1 = Vector512.FusedMultiplyAdd(value, left, a1);
            b1 = Vector512.FusedMultiplyAdd(value, right, b1);
            value = Vector512.Create(at[2]);
            a2 = Vector512.FusedMultiplyAdd(value, left, a2);
            b2 = Vector512.FusedMultiplyAdd(value, right, b2);
            value = Vector512.Create(at[3]);
            a3 = Vector512.FusedMultiplyAdd(value, left, a3);
            b3 = Vector512.FusedMultiplyAdd(value, right, b3);
            value = Vector512.Create(at[4]);
            a4 = Vector512.FusedMultiplyAdd(value, left, a4);
            b4 = Vector512.FusedMultiplyAdd(value, right, b4);
            value = Vector512.Create(at[5]);
            a5 = Vector512.FusedMultiplyAdd(value, left, a5);
            b5 = Vector512.FusedMultiplyAdd(value, right, b5);
            value = Vector512.Create(at[6]);
            a6 = Vector512.FusedMultiplyAdd(value, left, a6);
            b6 = Vector512.FusedMultiplyAdd(value, right, b6);
        }
        AddRow(tile, 0, a0, b0);
        AddRow(tile, 1, a1, b1);
        AddRow(tile, 2, a2, b2);
        AddRow(tile, 3, a3, b3);
        AddRow(tile, 4, a4, b4);
        AddRow(tile, 5, a5, b5);
        AddRow(tile, 6, a6, b6);
    }

    /// <summary>Rows: eight neighbouring channels at each position.</summary>
    /// <param name="image">The first channel.</param>
    /// <param name="plane">Elements between channels.</param>
    /// <param name="offsets">Per position its offset in a channel.</param>
    /// <param name="gradients">[count][32].</param>
    /// <param name="count">Positions.</param>
    /// <param name="tile">[8][32].</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Channels8(float* image, nint plane, int* offsets, float* gradients, int count, float* tile)
    {
        var (a0, b0, a1, b1, a2, b2) = Zero6();
        var (a3, b3, a4, b4, a5, b5) = Zero6();
        var (a6, b6, a7, b7) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var third = 3 * plane;
        for (var position = 0; position < count; position++)
        {
            var at = image + offsets[position];
            var behind = at + 4 * plane;
            var (left, right) = (Vector512.Load(gradients), Vector512.Load(gradients + 16));
            gradients += Panels.Width;
            var value = Vector512.Create(at[0]);
            a0 = Vector512.FusedMultiplyAdd(value, left, a0);
            b0 = Vector512.FusedMultiplyAdd(value, right, b0);
            value = Vector512.Create(at[plane]);
            a1 = Vector512.FusedMultiplyAdd(value, left, a1);
            b1 = Vector512.FusedMultiplyAdd(value, right, b1);
            value = Vector512.Create(at[2 * plane]);
            a2 = Vector512.FusedMultiplyAdd(value, left, a2);
            b2 = Vector512.FusedMultiplyAdd(value, right, b2);
            value = Vector512.Create(at[third]);
            a3 = Vector512.FusedMultiplyAdd(value, left, a3);
            b3 = Vector512.FusedMultiplyAdd(value, right, b3);
            value = Vector512.Create(behind[0]);
            a4 = Vector512.FusedMultiplyAdd(value, left, a4);
            b4 = Vector512.FusedMultiplyAdd(value, right, b4);
            value = Vector512.Create(behind[plane]);
            a5 = Vector512.FusedMultiplyAdd(value, left, a5);
            b5 = Vector512.FusedMultiplyAdd(value, right, b5);
            value = Vector512.Create(behind[2 * plane]);
            a6 = Vector512.FusedMultiplyAdd(value, left, a6);
            b6 = Vector512.FusedMultiplyAdd(value, right, b6);
            value = Vector512.Create(behind[third]);
            a7 = Vector512.FusedMultiplyAdd(value, left, a7);
            b7 = Vector512.FusedMultiplyAdd(value, right, b7);
        }
        AddRow(tile, 0, a0, b0);
        AddRow(tile, 1, a1, b1);
        AddRow(tile, 2, a2, b2);
        AddRow(tile, 3, a3, b3);
        AddRow(tile, 4, a4, b4);
        AddRow(tile, 5, a5, b5);
        AddRow(tile, 6, a6, b6);
        AddRow(tile, 7, a7, b7);
    }

    /// <summary>Rows: eight values that lie side by side.</summary>
    /// <param name="values">[count][8].</param>
    /// <param name="factors">[count][32].</param>
    /// <param name="count">Length of the sum.</param>
    /// <param name="tile">[8][32].</param>
    /// <param name="add">Whether to add to the tile; else it is overwritten.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Rows8(float* values, float* factors, int count, float* tile, bool add)
    {
        var (a0, b0, a1, b1, a2, b2) = Zero6();
        var (a3, b3, a4, b4, a5, b5) = Zero6();
        var (a6, b6, a7, b7) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        for (var position = 0; position < count; position++)
        {
            var (left, right) = (Vector512.Load(factors), Vector512.Load(factors + 16));
            factors += Panels.Width;
            var value = Vector512.Create(values[0]);
            a0 = Vector512.FusedMultiplyAdd(value, left, a0);
            b0 = Vector512.FusedMultiplyAdd(value, right, b0);
            value = Vector512.Create(values[1]);
            a1 = Vector512.FusedMultiplyAdd(value, left, a1);
            b1 = Vector512.FusedMultiplyAdd(value, right, b1);
            value = Vector512.Create(values[2]);
            a2 = Vector512.FusedMultiplyAdd(value, left, a2);
            b2 = Vector512.FusedMultiplyAdd(value, right, b2);
            value = Vector512.Create(values[3]);
            a3 = Vector512.FusedMultiplyAdd(value, left, a3);
            b3 = Vector512.FusedMultiplyAdd(value, right, b3);
            value = Vector512.Create(values[4]);
            a4 = Vector512.FusedMultiplyAdd(value, left, a4);
            b4 = Vector512.FusedMultiplyAdd(value, right, b4);
            value = Vector512.Create(values[5]);
            a5 = Vector512.FusedMultiplyAdd(value, left, a5);
            b5 = Vector512.FusedMultiplyAdd(value, right, b5);
            value = Vector512.Create(values[6]);
            a6 = Vector512.FusedMultiplyAdd(value, left, a6);
            b6 = Vector512.FusedMultiplyAdd(value, right, b6);
            value = Vector512.Create(values[7]);
            a7 = Vector512.FusedMultiplyAdd(value, left, a7);
            b7 = Vector512.FusedMultiplyAdd(value, right, b7);
            values += 8;
        }
        PutRow(tile, 0, a0, b0, add);
        PutRow(tile, 1, a1, b1, add);
        PutRow(tile, 2, a2, b2, add);
        PutRow(tile, 3, a3, b3, add);
        PutRow(tile, 4, a4, b4, add);
        PutRow(tile, 5, a5, b5, add);
        PutRow(tile, 6, a6, b6, add);
        PutRow(tile, 7, a7, b7, add);
    }

    /// <summary>One row: the image at each position. As <see cref="Channels8"/> with one channel, tile [1][32].</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Channel(float* image, int* offsets, float* gradients, int count, float* tile)
    {
        var (a, b) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var position = 0; position < count; position++)
        {
            var value = Vector512.Create(image[offsets[position]]);
            a = Vector512.FusedMultiplyAdd(value, Vector512.Load(gradients), a);
            b = Vector512.FusedMultiplyAdd(value, Vector512.Load(gradients + 16), b);
            gradients += Panels.Width;
        }
        AddRow(tile, 0, a, b);
    }

    // Inlined in any case: a call would leave the accumulators in memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float>, Vector512<float>, Vector512<float>, Vector512<float>, Vector512<float>, Vector512<float>) Zero6() =>
        (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PutRow(float* tile, int row, Vector512<float> left, Vector512<float> right, bool add)
    {
        var at = tile + row * Panels.Width;
        Vector512.Store(add ? Vector512.Load(at) + left : left, at);
        Vector512.Store(add ? Vector512.Load(at + 16) + right : right, at + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(float* tile, int row, Vector512<float> left, Vector512<float> right) => PutRow(tile, row, left, right, add: true);
}
