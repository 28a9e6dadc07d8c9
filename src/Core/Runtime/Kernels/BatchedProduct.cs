namespace BiT.Core.Runtime.Kernels;

/// <summary>A convolution as one product: rows are the positions of all images, columns the channels of the result, and the sum runs over
/// channels and taps of the source.</summary>
/// <remarks>Weights are packed in panels of 32 channels once; each task gathers the source of a few positions, a slice of the sum at a time.
/// The order of every sum depends on the shapes alone.</remarks>
internal static unsafe class BatchedProduct
{
    // A tile of the product is 8 positions by 32 channels.
    private const int TilePositions = 8;
    private const int PositionsPerTask = 64;
    private const int PanelsPerTask = 8;

    // Of the sum, at a time: 32 KB of weights stay in the first cache.
    private const int SliceLength = 256;

    /// <param name="context">The kernel's.</param>
    /// <param name="source">[N,C,H,W].</param>
    /// <param name="weights">A kernel of four axes.</param>
    /// <param name="result">[N,D,H',W']; every position is written by one of the maps, or set to 0 if it meets no tap.</param>
    /// <param name="layout">Where the weights of D and C lie.</param>
    /// <param name="maps">The positions.</param>
    public static void Run(
        KernelContext context, KernelTensor source, KernelTensor weights, KernelTensor result, WeightLayout layout, IReadOnlyList<PositionMap> maps)
    {
        if (result.ElementCount == 0)
            return;
        var sizes = new Sizes(source[0], source[1], checked(source[2] * source[3]), result[1], checked(result[2] * result[3]));
        // Offsets in the source are kept as int.
        _ = checked((int)source.ElementCount);
        foreach (var map in maps.Where(map => map.Targets.Length > 0))
            Run(context, new Product(sizes, map, source.Data, result.Data), weights.Data, layout);
    }

    private static void Run(KernelContext context, Product product, float* weights, WeightLayout layout)
    {
        var panels = product.PackWeights(context, weights, layout);
        var gathered = context.Scratch((long)product.TaskCount * product.GatheredPerTask);
        var tiles = context.Scratch((long)product.TaskCount * product.TileElementsPerTask);
        context.ParallelFor(product.TaskCount, task =>
            product.Run(task, panels, gathered + (long)task * product.GatheredPerTask, tiles + (long)task * product.TileElementsPerTask));
    }

    private sealed record Sizes(int Images, int Channels, int SourceMap, int Outputs, int ResultMap);

    private sealed class Product
    {
        private readonly Sizes _sizes;
        private readonly PositionMap _map;
        private readonly float* _source;
        private readonly float* _result;
        private readonly int _rows;
        private readonly int _panelCount;
        private readonly int _panelTasks;
        private readonly int _channelsPerSlice;
        private readonly int _length;

        public Product(Sizes sizes, PositionMap map, float* source, float* result)
        {
            (_sizes, _map) = (sizes, map);
            _source = source;
            _result = result;
            _rows = checked(sizes.Images * map.Targets.Length);
            _panelCount = Panels.Count(sizes.Outputs);
            _panelTasks = (_panelCount + PanelsPerTask - 1) / PanelsPerTask;
            _channelsPerSlice = Math.Max(1, SliceLength / Math.Max(1, map.Taps.Length));
            _length = checked(sizes.Channels * map.Taps.Length);
        }

        public int TaskCount => (_rows + PositionsPerTask - 1) / PositionsPerTask * _panelTasks;

        public int GatheredPerTask => PositionsPerTask * _channelsPerSlice * _map.Taps.Length;

        public int TileElementsPerTask => PositionsPerTask * PanelsPerTask * Panels.Width;

        // [panel][channel, tap][32].
        public float* PackWeights(KernelContext context, float* weights, WeightLayout layout)
        {
            var panels = context.Scratch((long)_panelCount * _length * Panels.Width);
            var channelsPerTask = Lanes.ItemsPerTask((long)_map.Taps.Length * Panels.Width);
            var channelTasks = Lanes.TaskCount(_sizes.Channels, channelsPerTask);
            context.ParallelFor(_panelCount * channelTasks, task =>
            {
                var (panel, first) = (task / channelTasks, task % channelTasks * channelsPerTask);
                var outputs = Math.Min(Panels.Width, _sizes.Outputs - panel * Panels.Width);
                var target = panels + ((long)panel * _length + (long)first * _map.Taps.Length) * Panels.Width;
                for (var channel = first; channel < Math.Min(_sizes.Channels, first + channelsPerTask); channel++)
                {
                    foreach (var tap in _map.Taps)
                    {
                        var from = weights + (long)panel * Panels.Width * layout.OutputPitch + (long)channel * layout.InputPitch + tap;
                        for (var output = 0; output < Panels.Width; output++)
                            target[output] = output < outputs ? from[(long)output * layout.OutputPitch] : 0;
                        target += Panels.Width;
                    }
                }
            });
            return panels;
        }

        public void Run(int task, float* panels, float* gathered, float* tiles)
        {
            var firstRow = task / _panelTasks * PositionsPerTask;
            var firstPanel = task % _panelTasks * PanelsPerTask;
            var rows = Math.Min(PositionsPerTask, _rows - firstRow);
            var blocks = (rows + TilePositions - 1) / TilePositions;
            var lastPanel = Math.Min(_panelCount, firstPanel + PanelsPerTask);
            new Span<float>(tiles, TileElementsPerTask).Clear();
            var offsets = Offsets(firstRow, rows);
            for (var channel = 0; channel < _sizes.Channels; channel += _channelsPerSlice)
            {
                var channels = Math.Min(_channelsPerSlice, _sizes.Channels - channel);
                var count = channels * _map.Taps.Length;
                for (var block = 0; block < blocks; block++)
                    Gather(offsets.AsSpan(block * TilePositions * _map.Taps.Length, TilePositions * _map.Taps.Length), channel, channels, gathered + (long)block * count * TilePositions);
                for (var panel = firstPanel; panel < lastPanel; panel++)
                {
                    var slice = panels + ((long)panel * _length + (long)channel * _map.Taps.Length) * Panels.Width;
                    for (var block = 0; block < blocks; block++)
                        Multiply(gathered + (long)block * count * TilePositions, slice, count, Tile(tiles, panel - firstPanel, block));
                }
            }
            for (var panel = firstPanel; panel < lastPanel; panel++)
            {
                for (var row = 0; row < rows; row++)
                    Store(firstRow + row, panel, Tile(tiles, panel - firstPanel, row / TilePositions) + row % TilePositions * Panels.Width);
            }
        }

        private static float* Tile(float* tiles, int panel, int block) =>
            tiles + ((long)panel * (PositionsPerTask / TilePositions) + block) * TilePositions * Panels.Width;

        private static void Multiply(float* gathered, float* weights, int count, float* tile) =>
            KernelGradientProducts.Rows8(gathered, weights, count, tile);

        // Per block of 8 positions and tap, 8 offsets in the first channel of the source; -1 in the padding and behind the last row.
        private int[] Offsets(int firstRow, int rows)
        {
            var taps = _map.Taps.Length;
            var offsets = new int[PositionsPerTask * taps];
            Array.Fill(offsets, -1);
            for (var row = 0; row < rows; row++)
            {
                var (image, position) = Math.DivRem(firstRow + row, _map.Targets.Length);
                for (var tap = 0; tap < taps; tap++)
                {
                    var source = _map.Sources[position * taps + tap];
                    if (source >= 0)
                        offsets[(row / TilePositions * taps + tap) * TilePositions + row % TilePositions] = image * _sizes.Channels * _sizes.SourceMap + source;
                }
            }
            return offsets;
        }

        private void Gather(ReadOnlySpan<int> offsets, int firstChannel, int channels, float* target)
        {
            for (var channel = firstChannel; channel < firstChannel + channels; channel++)
            {
                var source = _source + (long)channel * _sizes.SourceMap;
                foreach (var offset in offsets)
                    *target++ = offset >= 0 ? source[offset] : 0;
            }
        }

        private void Store(int row, int panel, float* values)
        {
            var (image, position) = Math.DivRem(row, _map.Targets.Length);
            var outputs = Math.Min(Panels.Width, _sizes.Outputs - panel * Panels.Width);
            var target = _result + ((long)image * _sizes.Outputs + panel * Panels.Width) * _sizes.ResultMap + _map.Targets[position];
            for (var output = 0; output < outputs; output++)
                target[(long)output * _sizes.ResultMap] = values[output];
        }
    }
}
