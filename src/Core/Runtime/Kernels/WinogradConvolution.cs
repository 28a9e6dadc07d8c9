namespace BiT.Core.Runtime.Kernels;

/// <summary>3x3 convolutions of stride 1 by Winograd's minimal filtering F(2x2, 3x3): sixteen products per four results, where the definition
/// takes thirty-six.</summary>
/// <remarks>Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016. A result is cut into tiles of 2x2; its channels are sums over the
/// source's channels at 16 points, each of them a product of matrices of its own. Tiles of all images are counted in one row and taken 32 at a time,
/// so that what lies between image and result stays in the second cache, up to 256 channels. The order of every sum depends on the shapes alone. A value that is
/// not finite reaches the results that the definition takes it to, which are not finite either.</remarks>
internal static unsafe class WinogradConvolution
{
    // Sums of sums of so many: the points are differences, whose products take one long sum to three times the error of a direct convolution.
    private const int SliceChannels = 64;

    // Each has scratch memory of its own, 0.3 MB with 64 channels and 1.2 MB with 512.
    private static readonly int MostTasks = Math.Min(64, 4 * Math.Max(2, Environment.ProcessorCount));

    /// <param name="context">The kernel's.</param>
    /// <param name="source">[N,C,H,W].</param>
    /// <param name="weights">[D,C,3,3], or any that <paramref name="layout"/> describes.</param>
    /// <param name="result">[N,D,H,W].</param>
    /// <param name="layout">Where the weights of D and C lie.</param>
    /// <param name="turned">Whether the weights are taken upside down and mirrored.</param>
    public static void Run(KernelContext context, KernelTensor source, KernelTensor weights, KernelTensor result, WeightLayout layout, bool turned)
    {
        if (result.ElementCount == 0)
            return;
        if (source[1] == 0)
        {
            new Span<float>(result.Data, checked((int)result.ElementCount)).Clear();
            return;
        }
        var shape = new WinogradShape(source[0], source[1], source[2], source[3], result[1]);
        var kernels = context.Scratch(shape.RowCount * shape.KernelElements);
        context.ParallelFor(shape.RowCount, row =>
            WinogradKernels.Transform(weights.Data, layout, turned, shape, row, kernels + row * shape.KernelElements));
        var tasks = Math.Min(MostTasks, shape.BlockCount);
        var perTask = checked(shape.SourceElements + WinogradShape.ProductElements);
        var scratch = context.Scratch(tasks * (long)perTask);
        context.ParallelFor(tasks, task =>
        {
            var points = scratch + (long)task * perTask;
            // Neighbouring blocks share rows of the source.
            var (block, end) = (Share(task), Share(task + 1));
            for (; block < end; block++)
                RunBlock(source.Data, kernels, result.Data, shape, block, points, points + shape.SourceElements);
        });

        int Share(int task) => (int)((long)shape.BlockCount * task / tasks);
    }

    private static void RunBlock(float* source, float* kernels, float* result, WinogradShape shape, int block, float* points, float* products)
    {
        var segments = shape.Split(block);
        for (var channel = 0; channel < shape.Channels; channel++)
        {
            // From the first to the last: a segment's vector may end in the lanes of the next one, or of the next channel. Lanes of the last block that
            // hold no tile compute with what lies there, and nobody reads them.
            foreach (var segment in segments)
                WinogradSource.Transform(source, shape, segment, channel, points + channel * WinogradShape.BlockTiles + segment.Lane);
        }
        const int rowsTogether = WinogradShape.GroupOutputs / WinogradShape.RowOutputs;
        for (var row = 0; row < shape.RowCount; row += rowsTogether)
        {
            var rows = Math.Min(rowsTogether, shape.RowCount - row);
            Multiply(kernels + row * shape.KernelElements, shape, rows, points, products);
            var first = row * WinogradShape.RowOutputs;
            for (var output = first; output < Math.Min(shape.Outputs, first + WinogradShape.GroupOutputs); output++)
            {
                foreach (var segment in segments)
                    WinogradResult.Store(products + (output - first) * WinogradShape.BlockTiles + segment.Lane, shape, segment, output, result);
            }
        }
    }

    private static void Multiply(float* kernels, WinogradShape shape, int rows, float* points, float* products)
    {
        for (var point = 0; point < WinogradShape.Points; point++)
        {
            for (var channel = 0; channel < shape.Channels; channel += SliceChannels)
            {
                var count = Math.Min(SliceChannels, shape.Channels - channel);
                for (var row = 0; row < rows; row++)
                {
                    InnerProducts.Rows8(
                        kernels + row * shape.KernelElements + point * shape.KernelPitch + channel * WinogradShape.RowOutputs,
                        points + point * shape.SourcePitch + channel * WinogradShape.BlockTiles,
                        count,
                        products + point * WinogradShape.ProductPitch + row * WinogradShape.RowOutputs * WinogradShape.BlockTiles,
                        add: channel > 0);
                }
            }
        }
    }
}
