using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace BiT.Core.Runtime.Kernels;

/// <summary>The gradient of a maximum pool: each gradient goes to the largest element of its window, to the first one of equals.</summary>
internal static unsafe class MaxPoolGradientKernel
{
    /// <summary>MaxPoolGradient(x [N,C,H,W], dy [N,C,H',W']) -> dx; attributes kernel_shape, strides, pads (top, left, bottom, right).</summary>
    public static KernelDefinition Definition { get; } = new("MaxPoolGradient", 2, 1, attributes =>
    {
        var (kernel, strides, pads) = (attributes.Integers("kernel_shape"), attributes.Integers("strides"), attributes.Integers("pads"));
        if (kernel is not [> 0, > 0] || strides is not [> 0, > 0] || pads is not [>= 0, >= 0, >= 0, >= 0])
            throw new ArgumentException("A pool has two kernel sizes and strides of at least 1, and four pads of at least 0.");
        // A window in the padding alone has no largest element.
        if (pads.Where((pad, side) => pad >= kernel[side % 2]).Any())
            throw new ArgumentException("The pads of a pool are below its kernel.");
        return context => Run(context, kernel, strides, pads);
    });

    private static void Run(KernelContext context, long[] kernel, long[] strides, long[] pads)
    {
        var (x, dy) = (context.Input(0), context.Input(1));
        x.RequireRank("The image of a pool", 4);
        long Positions(int axis) => (x.Sizes[axis + 2] + pads[axis] + pads[axis + 2] - kernel[axis]) / strides[axis] + 1;
        dy.Require("The gradient of a pool", x.Sizes[0], x.Sizes[1], Positions(0), Positions(1));
        var dx = context.Output(0, x.Sizes);
        if (x.ElementCount == 0)
            return;
        var (maps, mapSize, pooledSize) = (checked(x[0] * x[1]), checked(x[2] * x[3]), checked(dy[2] * dy[3]));
        var perTask = Lanes.ItemsPerTask(mapSize);
        var taskCount = Lanes.TaskCount(maps, perTask);
        var windows = new Windows(x[3], Along(x[2], dy[2], (kernel[0], strides[0], pads[0])), Along(x[3], dy[3], (kernel[1], strides[1], pads[1])));
        var largest = context.Scratch((long)taskCount * x[3]);
        var rows = (int*)context.Scratch((long)taskCount * x[3]);
        context.ParallelFor(taskCount, task =>
        {
            for (var map = task * perTask; map < Math.Min(maps, (task + 1) * perTask); map++)
            {
                new Span<float>(dx.Data + (long)map * mapSize, mapSize).Clear();
                windows.Scatter(x.Data + (long)map * mapSize, dy.Data + (long)map * pooledSize, dx.Data + (long)map * mapSize,
                    largest + (long)task * x[3], rows + (long)task * x[3]);
            }
        });
    }

    // First and last element of each window along one axis.
    private static (int First, int Last)[] Along(int length, int positions, (long Kernel, long Stride, long Pad) window) =>
        [.. Enumerable.Range(0, positions).Select(position => (int)(position * window.Stride - window.Pad))
            .Select(first => (Math.Max(0, first), Math.Min(length, first + (int)window.Kernel) - 1))];

    private sealed class Windows(int width, (int First, int Last)[] vertical, (int First, int Last)[] horizontal)
    {
        // Down the columns first, all at once, then along the row: a window's largest element is the largest of its columns'.
        public void Scatter(float* x, float* dy, float* dx, float* largest, int* rows)
        {
            foreach (var (top, bottom) in vertical)
            {
                LargestOfColumns(x, top, bottom, largest, rows);
                foreach (var (left, right) in horizontal)
                {
                    // Without branches: which column wins is chance, and every wrong guess of the processor costs more than all comparisons.
                    var column = left;
                    for (var at = left + 1; at <= right; at++)
                    {
                        // The first of equals in row-major order: of equals, the one in the upper row.
                        var isFirst = (largest[at] == largest[column]) & (rows[at] < rows[column]);
                        column += (at - column) & -One((largest[at] > largest[column]) | isFirst);
                    }
                    dx[rows[column] * width + column] += *dy++;
                }
            }
        }

        // 1 for true.
        private static int One(bool condition) => Unsafe.BitCast<bool, byte>(condition);

        private void LargestOfColumns(float* x, int top, int bottom, float* largest, int* rows)
        {
            var column = 0;
            for (; column + 16 <= width; column += 16)
            {
                var best = Vector512.Load(x + top * width + column);
                var bestRow = Vector512.Create(top);
                for (var row = top + 1; row <= bottom; row++)
                {
                    var candidate = Vector512.Load(x + row * width + column);
                    var isLarger = Vector512.GreaterThan(candidate, best);
                    best = Vector512.ConditionalSelect(isLarger, candidate, best);
                    bestRow = Vector512.ConditionalSelect(isLarger.AsInt32(), Vector512.Create(row), bestRow);
                }
                Vector512.Store(best, largest + column);
                Vector512.Store(bestRow, rows + column);
            }
            for (; column < width; column++)
            {
                (largest[column], rows[column]) = (x[top * width + column], top);
                for (var row = top + 1; row <= bottom; row++)
                {
                    if (x[row * width + column] > largest[column])
                        (largest[column], rows[column]) = (x[row * width + column], row);
                }
            }
        }
    }
}
