using System.Runtime.Intrinsics;

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

    // Each has 128 KB of scratch memory; beyond, a task takes several ranges of positions.
    private const int MostTasks = 64;

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
        // Offsets are kept as int.
        if (Math.Max(source.ElementCount, result.ElementCount) > int.MaxValue)
            throw new ArgumentException($"A convolution of [{string.Join(",", source.Sizes)}] has more elements than {int.MaxValue}; use a smaller micro-batch.");
        // Positions that no window reaches, as those between the windows of a strided 1x1 kernel.
        if (maps.Any(map => map.Taps.Length == 0))
            Clear(context, result);
        foreach (var map in maps.Where(map => map.Targets.Length > 0 && map.Taps.Length > 0))
            Run(context, new Product(sizes, map, source.Data, result.Data), weights.Data, layout);
    }

    private static void Clear(KernelContext context, KernelTensor tensor)
    {
        var count = tensor.ElementCount;
        const int perTask = 1 << 18;
        context.ParallelFor(checked((int)((count + perTask - 1) / perTask)), task =>
            new Span<float>(tensor.Data + (long)task * perTask, (int)Math.Min(perTask, count - (long)task * perTask)).Clear());
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

        public int TaskCount => Math.Min(MostTasks, RangeCount);

        // Of positions and panels.
        private int RangeCount => checked((_rows + PositionsPerTask - 1) / PositionsPerTask * _panelTasks);

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
                if (outputs < Panels.Width)
                    new Span<float>(target, Math.Min(_sizes.Channels - first, channelsPerTask) * _map.Taps.Length * Panels.Width).Clear();
                // The whole kernel, channel after channel, is one matrix to turn.
                if (layout.InputPitch == _map.Taps.Length)
                {
                    Panels.Transpose(weights + (long)panel * Panels.Width * layout.OutputPitch + (long)first * layout.InputPitch, layout.OutputPitch,
                        target, Panels.Width, outputs, Math.Min(_sizes.Channels - first, channelsPerTask) * _map.Taps.Length);
                    return;
                }
                for (var channel = first; channel < Math.Min(_sizes.Channels, first + channelsPerTask); channel++)
                {
                    foreach (var tap in _map.Taps)
                    {
                        var from = weights + (long)panel * Panels.Width * layout.OutputPitch + (long)channel * layout.InputPitch + tap;
                        for (var output = 0; output < outputs; output++)
                            target[output] = from[(long)output * layout.OutputPitch];
                        target += Panels.Width;
                    }
                }
            });
            return panels;
        }

        public void Run(int task, float* panels, float* gathered, float* tiles)
        {
            for (var range = task; range < RangeCount; range += TaskCount)
                RunRange(range, panels, gathered, tiles);
        }

        private void RunRange(int range, float* panels, float* gathered, float* tiles)
        {
            var firstRow = range / _panelTasks * PositionsPerTask;
            var firstPanel = range % _panelTasks * PanelsPerTask;
            var rows = Math.Min(PositionsPerTask, _rows - firstRow);
            var blocks = (rows + TilePositions - 1) / TilePositions;
            var lastPanel = Math.Min(_panelCount, firstPanel + PanelsPerTask);
            new Span<float>(tiles, TileElementsPerTask).Clear();
            var taps = _map.Taps.Length;
            var offsets = Offsets(firstRow, rows);
            // Eight neighbours are copied as one; most are neighbours, but for the edges of a map.
            bool[] runs = [.. offsets.Chunk(TilePositions).Select(IsRun)];
            for (var channel = 0; channel < _sizes.Channels; channel += _channelsPerSlice)
            {
                var channels = Math.Min(_channelsPerSlice, _sizes.Channels - channel);
                var count = channels * taps;
                for (var block = 0; block < blocks; block++)
                {
                    Gather(offsets.AsSpan(block * taps * TilePositions, taps * TilePositions), runs.AsSpan(block * taps, taps), channel, channels,
                        gathered + (long)block * count * TilePositions);
                }
                for (var panel = firstPanel; panel < lastPanel; panel++)
                {
                    var slice = panels + ((long)panel * _length + (long)channel * _map.Taps.Length) * Panels.Width;
                    for (var block = 0; block < blocks; block++)
                        Multiply(gathered + (long)block * count * TilePositions, slice, count, Tile(tiles, panel - firstPanel, block));
                }
            }
            for (var panel = firstPanel; panel < lastPanel; panel++)
            {
                for (var block = 0; block < blocks; block++)
                    StoreTile(firstRow + block * TilePositions, Math.Min(TilePositions, rows - block * TilePositions), panel, Tile(tiles, panel - firstPanel, block));
            }
        }

        private static bool IsRun(int[] offsets)
        {
            for (var index = 0; index < offsets.Length; index++)
            {
                if (offsets[index] < 0 || offsets[index] != offsets[0] + index)
                    return false;
            }
            return true;
        }

        private static float* Tile(float* tiles, int panel, int block) =>
            tiles + ((long)panel * (PositionsPerTask / TilePositions) + block) * TilePositions * Panels.Width;

        private static void Multiply(float* gathered, float* weights, int count, float* tile) =>
            InnerProducts.Rows8(gathered, weights, count, tile, add: true);

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

        private void Gather(ReadOnlySpan<int> offsets, ReadOnlySpan<bool> runs, int firstChannel, int channels, float* target)
        {
            for (var channel = firstChannel; channel < firstChannel + channels; channel++)
            {
                var source = _source + (long)channel * _sizes.SourceMap;
                for (var tap = 0; tap < runs.Length; tap++)
                {
                    var eight = offsets.Slice(tap * TilePositions, TilePositions);
                    if (runs[tap])
                        Vector256.Store(Vector256.Load(source + eight[0]), target);
                    else
                        GatherEach(eight, source, target);
                    target += TilePositions;
                }
            }
        }

        private static void GatherEach(ReadOnlySpan<int> offsets, float* source, float* target)
        {
            foreach (var offset in offsets)
                *target++ = offset >= 0 ? source[offset] : 0;
        }

        // Channel by channel, so that positions which share a line of the cache are written together.
        private void StoreTile(int firstRow, int rows, int panel, float* tile)
        {
            var outputs = Math.Min(Panels.Width, _sizes.Outputs - panel * Panels.Width);
            for (var row = 0; row < rows;)
            {
                var (image, position) = Math.DivRem(firstRow + row, _map.Targets.Length);
                var targets = _map.Targets.AsSpan(position, Math.Min(rows - row, _map.Targets.Length - position));
                var map = _result + ((long)image * _sizes.Outputs + (long)panel * Panels.Width) * _sizes.ResultMap;
                if (targets[^1] == targets[0] + targets.Length - 1)
                    Panels.Transpose(tile + row * Panels.Width, Panels.Width, map + targets[0], _sizes.ResultMap, targets.Length, outputs);
                else
                    Scatter(tile + row * Panels.Width, targets, map, outputs);
                row += targets.Length;
            }
        }

        private void Scatter(float* tile, ReadOnlySpan<int> targets, float* map, int outputs)
        {
            for (var output = 0; output < outputs; output++)
            {
                for (var row = 0; row < targets.Length; row++)
                    map[targets[row]] = tile[row * Panels.Width + output];
                map += _sizes.ResultMap;
            }
        }
    }
}
