using System.Runtime.Intrinsics.X86;

namespace BiT.Core.Runtime.Kernels;

/// <summary>The gradient of a two-dimensional convolution by its kernel.</summary>
/// <remarks>dW[o,i,u,v] = sum over n and positions of dY[n,o,y,x] X[n,i,y*s+u-p,x*s+v-p]: one product with K = N * positions. Gradients are packed
/// channels last, so that one image value meets 32 of them; images are read where they are, kernels above 1x1 from a padded copy of a few
/// channels.</remarks>
internal static unsafe class KernelGradientKernel
{
    // Channels that meet the same gradients; 1x1 kernels take them together.
    private const int ChannelsPerBlock = 8;

    // Of a 1x1 kernel a task takes several blocks, so that gradients are read again from the first cache and not from memory; as long as there are
    // enough tasks for all threads. How channels are divided changes no sum, so that it may depend on the machine.
    private const int MostBlocks = 16;
    private static readonly int EnoughTasks = 2 * Math.Max(2, Environment.ProcessorCount);

    /// <summary>ConvKernelGradient_{k}x{k}_{stride}(x [N,I,H,W], dy [N,O,H',W']) -> dw [O,I,k,k]; padding (k - 1) / 2.</summary>
    public static IEnumerable<KernelDefinition> Definitions { get; } =
        [.. from kernel in (int[])[1, 3, 7] from stride in (int[])[1, 2] select Define(kernel, stride)];

    private static KernelDefinition Define(int kernel, int stride) =>
        new($"ConvKernelGradient_{kernel}x{kernel}_{stride}", 2, 1, _ => context => Run(context, kernel, stride));

    private static void Run(KernelContext context, int kernel, int stride)
    {
        var (image, gradient) = (context.Input(0), context.Input(1));
        image.RequireRank("The image of a convolution", 4);
        gradient.RequireRank("The gradient of a convolution", 4);
        var layer = new Layer(image, gradient, kernel, stride);
        var result = context.Output(0, layer.Outputs, layer.Channels, kernel, kernel);
        // A strided 1x1 kernel meets a part of the image: copied, it lies as densely as the gradient.
        if (kernel == 1 && stride > 1)
        {
            image = Compact(context, image, layer);
            layer = new Layer(image, gradient, kernel, stride: 1);
        }
        // Without a window both sides are alike: the one with fewer channels is packed.
        var swapped = kernel == 1 && layer.Channels < layer.Outputs;
        if (swapped)
        {
            (image, gradient) = (gradient, image);
            layer = new Layer(image, gradient, kernel, stride: 1);
        }
        if (result.ElementCount == 0)
            return;
        if (layer.Images * layer.Positions == 0)
        {
            new Span<float>(result.Data, checked((int)result.ElementCount)).Clear();
            return;
        }
        var gradients = Panels.Pack(context, gradient.Data, layer.Images, layer.Outputs, layer.Positions);
        var offsets = (int*)context.Scratch((long)layer.ImagesPerPass * layer.Positions);
        layer.WriteOffsets(offsets);
        var tasks = new Tasks(layer, swapped, image.Data, gradients, offsets, result.Data);
        var padded = kernel == 1 ? null : context.Scratch((long)layer.TaskCount * layer.PaddedElementsPerTask);
        var tiles = context.Scratch((long)layer.TaskCount * layer.TileElementsPerTask);
        context.ParallelFor(layer.TaskCount, task =>
            tasks.Run(task, padded + (long)task * layer.PaddedElementsPerTask, tiles + (long)task * layer.TileElementsPerTask));
    }

    // Every stride-th row and column.
    private static KernelTensor Compact(KernelContext context, KernelTensor image, Layer layer)
    {
        var compact = context.Scratch((long)layer.Images * layer.Channels * layer.Positions);
        var perTask = Lanes.ItemsPerTask(layer.Positions);
        var maps = layer.Images * layer.Channels;
        context.ParallelFor(Lanes.TaskCount(maps, perTask), task =>
        {
            for (var map = task * perTask; map < Math.Min(maps, (task + 1) * perTask); map++)
            {
                var target = compact + (long)map * layer.Positions;
                for (var y = 0; y < layer.OutputHeight; y++)
                {
                    var row = image.Data + ((long)map * layer.Height + y * layer.Stride) * layer.Width;
                    for (var x = 0; x < layer.OutputWidth; x++)
                        *target++ = row[x * layer.Stride];
                }
            }
        });
        return new KernelTensor(compact, [layer.Images, layer.Channels, layer.OutputHeight, layer.OutputWidth]);
    }

    // Sizes, and how the work is divided: by input channels, and for 7x7 kernels by their rows too; in passes over a few images.
    private sealed class Layer
    {
        public Layer(KernelTensor image, KernelTensor gradient, int kernel, int stride)
        {
            (Kernel, Stride) = (kernel, stride);
            (Images, Channels, Height, Width) = (image[0], image[1], image[2], image[3]);
            Outputs = gradient[1];
            (OutputHeight, OutputWidth) = (PositionsAlong(Height), PositionsAlong(Width));
            gradient.Require("The gradient of a convolution", Images, Outputs, OutputHeight, OutputWidth);
            Positions = checked(OutputHeight * OutputWidth);
            ImagesPerPass = Math.Max(1, Math.Min(Images, InnerProducts.MostPositions / Math.Max(1, Positions)));
            PanelCount = Panels.Count(Outputs);
            RowsPerTask = kernel == 7 ? 1 : kernel;
            ChannelsPerTask = kernel switch
            {
                1 => ChannelsPerBlock * Math.Clamp(Channels / (ChannelsPerBlock * EnoughTasks), 1, MostBlocks),
                3 => ChannelsPerBlock,
                _ => 1,
            };
            ChannelTasks = (Channels + ChannelsPerTask - 1) / ChannelsPerTask;
            TaskCount = ChannelTasks * (kernel / RowsPerTask);
            (PaddedHeight, PaddedWidth) = (checked(Height + kernel - 1), checked(Width + kernel - 1));
            PaddedElementsPerTask = kernel == 1 ? 0 : checked(ChannelsPerTask * ImagesPerPass * PaddedHeight * PaddedWidth);
            Taps = RowsPerTask * kernel;
            TileElementsPerTask = checked(PanelCount * ChannelsPerTask * Taps * Panels.Width);
        }

        public int Kernel { get; }

        public int Stride { get; }

        public int Images { get; }

        public int Channels { get; }

        public int Height { get; }

        public int Width { get; }

        public int Outputs { get; }

        public int OutputHeight { get; }

        public int OutputWidth { get; }

        public int Positions { get; }

        public int ImagesPerPass { get; }

        public int PanelCount { get; }

        public int RowsPerTask { get; }

        public int ChannelsPerTask { get; }

        public int ChannelTasks { get; }

        public int TaskCount { get; }

        public int PaddedHeight { get; }

        public int PaddedWidth { get; }

        public int PaddedElementsPerTask { get; }

        public int Taps { get; }

        public int TileElementsPerTask { get; }

        /// <summary>Elements between the images that a pass reads: of the input itself, or of the padded copy of one channel.</summary>
        public int ImagePitch => Kernel == 1 ? checked(Channels * Height * Width) : PaddedHeight * PaddedWidth;

        public int RowPitch => Kernel == 1 ? Width : PaddedWidth;

        public void WriteOffsets(int* offsets)
        {
            for (var image = 0; image < ImagesPerPass; image++)
            {
                for (var y = 0; y < OutputHeight; y++)
                {
                    for (var x = 0; x < OutputWidth; x++)
                        *offsets++ = checked(image * ImagePitch + (y * RowPitch + x) * Stride);
                }
            }
        }

        private int PositionsAlong(int length) => length == 0 ? 0 : (length - 1) / Stride + 1;
    }

    private sealed class Tasks(Layer layer, bool swapped, float* image, float* gradients, int* offsets, float* result)
    {
        public void Run(int task, float* padded, float* tiles)
        {
            var firstRow = task / layer.ChannelTasks * layer.RowsPerTask;
            var firstChannel = task % layer.ChannelTasks * layer.ChannelsPerTask;
            var channels = Math.Min(layer.ChannelsPerTask, layer.Channels - firstChannel);
            new Span<float>(tiles, layer.TileElementsPerTask).Clear();
            for (var first = 0; first < layer.Images; first += layer.ImagesPerPass)
            {
                var images = Math.Min(layer.ImagesPerPass, layer.Images - first);
                if (layer.Kernel > 1)
                    Pad(first, images, firstChannel, channels, padded);
                var source = layer.Kernel == 1
                    ? image + ((long)first * layer.Channels + firstChannel) * layer.Height * layer.Width
                    : padded + firstRow * layer.PaddedWidth;
                Multiply(first, images, source, channels, tiles);
            }
            if (swapped)
                StoreRows(firstChannel, channels, tiles);
            else
                Store(firstChannel, channels, firstRow, tiles);
        }

        // Channel after channel, each with the images of the pass.
        private void Pad(int first, int images, int firstChannel, int channels, float* padded)
        {
            var border = layer.Kernel / 2;
            for (var channel = 0; channel < channels; channel++)
            {
                for (var at = first; at < first + images; at++)
                {
                    new Span<float>(padded, layer.ImagePitch).Clear();
                    var source = image + ((long)at * layer.Channels + firstChannel + channel) * layer.Height * layer.Width;
                    for (var y = 0; y < layer.Height; y++)
                    {
                        new Span<float>(source + (long)y * layer.Width, layer.Width)
                            .CopyTo(new Span<float>(padded + (y + border) * layer.PaddedWidth + border, layer.Width));
                    }
                    padded += layer.ImagePitch;
                }
                padded += (layer.ImagesPerPass - images) * layer.ImagePitch;
            }
        }

        private void Multiply(int first, int images, float* source, int channels, float* tiles)
        {
            var total = images * layer.Positions;
            for (var from = 0; from < total; from += InnerProducts.MostPositions)
            {
                var count = Math.Min(InnerProducts.MostPositions, total - from);
                for (var panel = 0; panel < layer.PanelCount; panel++)
                {
                    var panelGradients = gradients + (((long)panel * layer.Images + first) * layer.Positions + from) * Panels.Width;
                    var tile = tiles + (long)panel * layer.ChannelsPerTask * layer.Taps * Panels.Width;
                    var isLast = from + count >= total;
                    var ahead = new Ahead(
                        panel + 1 < layer.PanelCount ? panelGradients + (long)layer.Images * layer.Positions * Panels.Width
                            : isLast ? null : gradients + ((long)first * layer.Positions + from + count) * Panels.Width,
                        panel > 0 || isLast ? -1 : offsets[from + count]);
                    MultiplyPanel(source, channels, offsets + from, panelGradients, count, tile, ahead);
                }
            }
        }

        private void MultiplyPanel(float* source, int channels, int* positions, float* panelGradients, int count, float* tile, Ahead ahead)
        {
            var plane = layer.Kernel == 1 ? layer.Height * layer.Width : layer.ImagesPerPass * layer.ImagePitch;
            var channel = 0;
            for (; layer.Kernel == 1 && channel + ChannelsPerBlock <= channels; channel += ChannelsPerBlock)
            {
                ahead.Fetch(source + (long)channel * plane, plane, channel / ChannelsPerBlock, Math.Max(1, channels / ChannelsPerBlock));
                InnerProducts.Channels8(source + (long)channel * plane, plane, positions, panelGradients, count, tile);
                tile += ChannelsPerBlock * Panels.Width;
            }
            for (; channel < channels; channel++)
            {
                var at = source + (long)channel * plane;
                switch (layer.Kernel)
                {
                    case 1:
                        InnerProducts.Channel(at, positions, panelGradients, count, tile);
                        break;
                    case 3:
                        InnerProducts.Window3(at, layer.RowPitch, positions, panelGradients, count, tile);
                        break;
                    default:
                        InnerProducts.Row7(at, positions, panelGradients, count, tile);
                        break;
                }
                tile += layer.Taps * Panels.Width;
            }
        }

        // Tiles [panel][channel][32] to [channel][output].
        private void StoreRows(int firstChannel, int channels, float* tiles)
        {
            for (var panel = 0; panel < layer.PanelCount; panel++)
            {
                var outputs = Math.Min(Panels.Width, layer.Outputs - panel * Panels.Width);
                for (var channel = 0; channel < channels; channel++)
                {
                    new Span<float>(tiles + ((long)panel * layer.ChannelsPerTask + channel) * Panels.Width, outputs)
                        .CopyTo(new Span<float>(result + (long)(firstChannel + channel) * layer.Outputs + panel * Panels.Width, outputs));
                }
            }
        }

        // Tiles [panel][channel][tap][32] to [output][channel][tap].
        private void Store(int firstChannel, int channels, int firstRow, float* tiles)
        {
            var kernelSize = layer.Kernel * layer.Kernel;
            var pitch = (nint)layer.Channels * kernelSize;
            for (var panel = 0; panel < layer.PanelCount; panel++)
            {
                var tile = tiles + (long)panel * layer.ChannelsPerTask * layer.Taps * Panels.Width;
                var outputs = Math.Min(Panels.Width, layer.Outputs - panel * Panels.Width);
                var target = result + (long)panel * Panels.Width * pitch + (long)firstChannel * kernelSize + firstRow * layer.Kernel;
                Panels.Transpose(tile, Panels.Width, target, pitch, channels * layer.Taps, outputs);
            }
        }
    }

    // What the next product of a 1x1 kernel reads: fetched into the cache while this one computes. Both lie in pieces too short for the processor to
    // see by itself where they go on.
    private readonly struct Ahead(float* gradients, int offset)
    {
        private const int LineElements = 16;

        public void Fetch(float* image, nint plane, int block, int blocks)
        {
            if (!Sse.IsSupported)
                return;
            var share = InnerProducts.MostPositions * Panels.Width / blocks;
            for (var at = 0; gradients is not null && at < share; at += LineElements)
                Sse.Prefetch0(gradients + (long)block * share + at);
            for (var channel = 0; offset >= 0 && channel < ChannelsPerBlock; channel++)
            {
                for (var at = 0; at < InnerProducts.MostPositions; at += LineElements)
                    Sse.Prefetch1(image + channel * plane + offset + at);
            }
        }
    }
}
