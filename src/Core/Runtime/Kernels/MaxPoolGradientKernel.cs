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
        var maps = checked(x[0] * x[1]);
        var (mapSize, pooledSize) = (checked(x[2] * x[3]), checked(dy[2] * dy[3]));
        var perTask = Lanes.ItemsPerTask(mapSize);
        var vertical = Windows(x[2], dy[2], (int)kernel[0], (int)strides[0], (int)pads[0]);
        var horizontal = Windows(x[3], dy[3], (int)kernel[1], (int)strides[1], (int)pads[1]);
        context.ParallelFor(Lanes.TaskCount(maps, perTask), task =>
        {
            for (var map = task * perTask; map < Math.Min(maps, (task + 1) * perTask); map++)
                Scatter(x.Data + (long)map * mapSize, dy.Data + (long)map * pooledSize, dx.Data + (long)map * mapSize, x[3], vertical, horizontal, mapSize);
        });
    }

    // First and last element of each window along one axis.
    private static (int First, int Last)[] Windows(int length, int positions, int kernel, int stride, int pad) => [.. Enumerable.Range(0, positions)
        .Select(position => (Math.Max(0, position * stride - pad), Math.Min(length, position * stride - pad + kernel) - 1))];

    private static void Scatter(
        float* x, float* dy, float* dx, int width, (int First, int Last)[] vertical, (int First, int Last)[] horizontal, int mapSize)
    {
        new Span<float>(dx, mapSize).Clear();
        foreach (var (top, bottom) in vertical)
        {
            foreach (var (left, right) in horizontal)
            {
                var best = top * width + left;
                var largest = x[best];
                for (var row = top; row <= bottom; row++)
                {
                    for (var at = row * width + left; at <= row * width + right; at++)
                    {
                        if (x[at] > largest)
                            (best, largest) = (at, x[at]);
                    }
                }
                dx[best] += *dy++;
            }
        }
    }
}
