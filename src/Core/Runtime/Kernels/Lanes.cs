using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace BiT.Core.Runtime.Kernels;

/// <summary>Sums and chunks whose order depends on shapes alone: never on threads, nor on the width of the machine's vectors.</summary>
/// <remarks>Kernels are written in vectors of 512 bits. Where the machine has narrower ones or none, .NET splits them into parts and computes the same
/// lanes; products that are added use a fused multiply-add everywhere. So the bits are equal on every machine.</remarks>
internal static class Lanes
{
    /// <summary>Elements that make a parallel task worth its start.</summary>
    private const long ElementsPerTask = 1 << 14;

    /// <summary>Items that one task takes.</summary>
    public static int ItemsPerTask(long elementsPerItem) => (int)Math.Max(1, ElementsPerTask / Math.Max(1, elementsPerItem));

    /// <summary>Tasks of that many items.</summary>
    public static int TaskCount(int items, int itemsPerTask) => (items + itemsPerTask - 1) / itemsPerTask;

    /// <summary>The lanes added up from the first to the last, in double precision.</summary>
    public static double Sum(Vector512<float> lanes)
    {
        var sum = 0.0;
        for (var lane = 0; lane < Vector512<float>.Count; lane++)
            sum += lanes[lane];
        return sum;
    }

    /// <summary>The lanes added up from the first to the last.</summary>
    public static double Sum(Vector512<double> lanes)
    {
        var sum = 0.0;
        for (var lane = 0; lane < Vector512<double>.Count; lane++)
            sum += lanes[lane];
        return sum;
    }

    /// <summary>max(0, x); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Relu(Vector512<float> x) => Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512<float>.Zero, x);

    /// <summary>max(0, x); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Relu(float x) => x < 0 ? 0 : x;
}
