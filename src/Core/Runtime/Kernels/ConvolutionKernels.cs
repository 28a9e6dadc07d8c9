namespace BiT.Core.Runtime.Kernels;

/// <summary>Convolutions over small maps, 3x3 ones of stride 1 over larger ones by <see cref="WinogradConvolution"/>, and the gradient of a convolution
/// by its image.</summary>
/// <remarks>ONNX Runtime multiplies image by image, so that maps of a few positions leave most of a vector empty and its weights are read again
/// for every image. Here the positions of all images form the rows of one product.</remarks>
internal static class ConvolutionKernels
{
    private const int SmallestTiledMap = 16;

    /// <summary>Convolution_{k}x{k}_{stride}(x [N,I,H,W], w [O,I,k,k]) -> y [N,O,H',W']; padding (k - 1) / 2.</summary>
    public static IEnumerable<KernelDefinition> Forward { get; } =
        [.. from kernel in (int[])[1, 3] from stride in (int[])[1, 2] select DefineForward(kernel, stride)];

    /// <summary>ConvInputGradient_{k}x{k}_{stride}_{a}x{b}(dy [N,O,H',W'], w [O,I,k,k]) -> dx [N,I,H,W]; padding (k - 1) / 2, with a rows and b columns
    /// behind the last window, below the stride.</summary>
    public static IEnumerable<KernelDefinition> InputGradient { get; } =
    [
        .. from kernel in (int[])[1, 3]
           from stride in (int[])[1, 2]
           from rows in Enumerable.Range(0, stride)
           from columns in Enumerable.Range(0, stride)
           select DefineInputGradient(kernel, stride, rows, columns),
    ];

    private static KernelDefinition DefineForward(int kernel, int stride) =>
        new($"Convolution_{kernel}x{kernel}_{stride}", 2, 1, _ => context => RunForward(context, kernel, stride));

    private static KernelDefinition DefineInputGradient(int kernel, int stride, int rows, int columns) =>
        new($"ConvInputGradient_{kernel}x{kernel}_{stride}_{rows}x{columns}", 2, 1, _ => context => RunInputGradient(context, kernel, stride, rows, columns));

    private static void RunForward(KernelContext context, int kernel, int stride)
    {
        var (x, w) = (context.Input(0), context.Input(1));
        x.RequireRank("The image of a convolution", 4);
        w.RequireRank("A kernel", 4);
        w.Require("A kernel", w.Sizes[0], x.Sizes[1], kernel, kernel);
        var (height, width) = (Windows(x[2], stride), Windows(x[3], stride));
        var y = context.Output(0, x.Sizes[0], w.Sizes[0], height, width);
        var layout = new WeightLayout(w[1] * kernel * kernel, kernel * kernel);
        if (IsTiled(kernel, stride, y))
        {
            WinogradConvolution.Run(context, x, w, y, layout, turned: false);
            return;
        }
        var taps = from u in Enumerable.Range(0, kernel) from v in Enumerable.Range(0, kernel) select (u, v);
        var map = PositionMap.Create((x[2], x[3]), (height, width), (1, 0, 0), taps, kernel, (row, column, u, v) =>
            (row * stride + u - kernel / 2, column * stride + v - kernel / 2));
        BatchedProduct.Run(context, x, w, y, layout, [map]);
    }

    // dX[y',x'] takes dY[y,x] w[u,v] where y * stride + u - p = y': positions of equal remainder by the stride meet the same taps.
    private static void RunInputGradient(KernelContext context, int kernel, int stride, int rows, int columns)
    {
        var (dy, w) = (context.Input(0), context.Input(1));
        dy.RequireRank("The gradient of a convolution", 4);
        w.RequireRank("A kernel", 4);
        w.Require("A kernel", dy.Sizes[1], w.Sizes[1], kernel, kernel);
        var (height, width) = (Length(dy[2], stride, rows), Length(dy[3], stride, columns));
        var dx = context.Output(0, dy.Sizes[0], w.Sizes[1], height, width);
        var layout = new WeightLayout(kernel * kernel, w[1] * kernel * kernel);
        if (IsTiled(kernel, stride, dx))
        {
            WinogradConvolution.Run(context, dy, w, dx, layout, turned: true);
            return;
        }
        var maps = new List<PositionMap>();
        for (var top = 0; top < stride; top++)
        {
            for (var left = 0; left < stride; left++)
            {
                var (first, second) = (top, left);
                var taps = from u in Enumerable.Range(0, kernel) where (first + kernel / 2 - u) % stride == 0
                           from v in Enumerable.Range(0, kernel) where (second + kernel / 2 - v) % stride == 0 select (u, v);
                maps.Add(PositionMap.Create((dy[2], dy[3]), (height, width), (stride, top, left), taps, kernel, (row, column, u, v) =>
                    (Divide(row + kernel / 2 - u, stride), Divide(column + kernel / 2 - v, stride))));
            }
        }
        BatchedProduct.Run(context, dy, w, dx, layout, maps);
    }

    // In a smaller map most tiles reach over an edge.
    private static bool IsTiled(int kernel, int stride, KernelTensor result) => kernel == 3 && stride == 1 && (long)result[2] * result[3] >= SmallestTiledMap;

    private static int Windows(int length, int stride) => length == 0 ? 0 : (length - 1) / stride + 1;

    // (k - 1) / 2 on both sides takes away what the kernel adds.
    private static int Length(int windows, int stride, int added) => windows == 0 ? 0 : checked((windows - 1) * stride + 1 + added);

    // Exact; a negative quotient must stay outside of the image.
    private static int Divide(int distance, int stride) => distance < 0 ? -1 : distance / stride;
}

/// <summary>Where the elements of a kernel [O,I,k,k] lie for a product.</summary>
/// <param name="OutputPitch">Elements between two channels of the result.</param>
/// <param name="InputPitch">Elements between two channels that are summed over.</param>
internal readonly record struct WeightLayout(int OutputPitch, int InputPitch);

/// <summary>The positions of a result that meet the same taps of a kernel.</summary>
internal sealed class PositionMap
{
    private PositionMap(int[] taps, int[] targets, int[] sources) => (Taps, Targets, Sources) = (taps, targets, sources);

    /// <summary>Offsets of the taps in a kernel.</summary>
    public int[] Taps { get; }

    /// <summary>Offset of each position in a map of the result.</summary>
    public int[] Targets { get; }

    /// <summary>Per position, and in it per tap, the offset in a map of the source; -1 in the padding.</summary>
    public int[] Sources { get; }

    /// <param name="source">Height and width of the source.</param>
    /// <param name="target">Height and width of the result.</param>
    /// <param name="grid">Every so many rows and columns from these first ones.</param>
    /// <param name="taps">Rows and columns of the kernel.</param>
    /// <param name="kernel">Side of the kernel.</param>
    /// <param name="locate">Row and column of the source for a row and column of the result and of the kernel.</param>
    public static PositionMap Create(
        (int Height, int Width) source, (int Height, int Width) target, (int Step, int Top, int Left) grid,
        IEnumerable<(int U, int V)> taps, int kernel, Func<int, int, int, int, (int Row, int Column)> locate)
    {
        var used = taps.ToArray();
        var (targets, sources) = (new List<int>(), new List<int>());
        for (var row = grid.Top; row < target.Height; row += grid.Step)
        {
            for (var column = grid.Left; column < target.Width; column += grid.Step)
            {
                targets.Add(row * target.Width + column);
                foreach (var (u, v) in used)
                {
                    var (y, x) = locate(row, column, u, v);
                    sources.Add(y >= 0 && y < source.Height && x >= 0 && x < source.Width ? y * source.Width + x : -1);
                }
            }
        }
        return new PositionMap([.. used.Select(tap => tap.U * kernel + tap.V)], [.. targets], [.. sources]);
    }
}
