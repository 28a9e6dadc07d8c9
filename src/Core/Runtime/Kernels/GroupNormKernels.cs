using System.Runtime.Intrinsics;

namespace BiT.Core.Runtime.Kernels;

/// <summary>relu(GroupNorm(x)) and its gradients.</summary>
/// <remarks>Two passes per group: the mean, then the variance of what is left; see docs/decisions/0004. The backward pass computes the
/// statistics again instead of keeping them: a group is read from the cache.</remarks>
internal static unsafe class GroupNormKernels
{
    /// <summary>GroupNormRelu(x [N,C,H,W], gamma [C], beta [C]) -> y [N,C,H,W]; attributes groups (one integer) and epsilon.</summary>
    public static KernelDefinition Forward { get; } = new("GroupNormRelu", 3, 1, attributes =>
    {
        var (groups, epsilon) = Read(attributes);
        return context => RunForward(context, groups, epsilon);
    });

    /// <summary>GroupNormReluGradient(x, gamma, beta, dy [N,C,H,W]) -> dx [N,C,H,W], dgamma [C], dbeta [C]; attributes as forward.</summary>
    public static KernelDefinition Backward { get; } = new("GroupNormReluGradient", 4, 3, attributes =>
    {
        var (groups, epsilon) = Read(attributes);
        return context => RunBackward(context, groups, epsilon);
    });

    private static (int Groups, float Epsilon) Read(KernelAttributes attributes)
    {
        if (attributes.Integers("groups") is not [> 0 and <= int.MaxValue and var groups])
            throw new ArgumentException("Attribute groups is one integer of at least 1.");
        return ((int)groups, attributes.Real("epsilon"));
    }

    private static void RunForward(KernelContext context, int groups, float epsilon)
    {
        var layer = new Layer(context, groups, epsilon);
        var y = context.Output(0, layer.X.Sizes);
        layer.ForEachGroup(context, group =>
        {
            var (mean, reciprocalDeviation) = layer.Statistics(group);
            for (var channel = 0; channel < layer.ChannelsPerGroup; channel++)
            {
                var at = layer.FirstChannel(group) + channel;
                var offset = layer.Offset(group) + (nuint)channel * layer.MapSize;
                Normalize(layer.X.Data + offset, y.Data + offset, layer.MapSize, mean, reciprocalDeviation * layer.Gamma.Data[at], layer.Beta.Data[at]);
            }
        });
    }

    private static void Normalize(float* x, float* y, nuint count, float mean, float scale, float shift)
    {
        var (means, scales, shifts) = (Vector512.Create(mean), Vector512.Create(scale), Vector512.Create(shift));
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
            Vector512.Store(Lanes.Relu(Vector512.FusedMultiplyAdd(Vector512.Load(x + index) - means, scales, shifts)), y + index);
        for (; index < count; index++)
            y[index] = Lanes.Relu(MathF.FusedMultiplyAdd(x[index] - mean, scale, shift));
    }

    private static void RunBackward(KernelContext context, int groups, float epsilon)
    {
        var layer = new Layer(context, groups, epsilon);
        var dy = context.Input(3);
        dy.Require("The gradient of a GroupNormRelu", layer.X.Sizes);
        var dx = context.Output(0, layer.X.Sizes);
        var (dgamma, dbeta) = (context.Output(1, layer.Channels), context.Output(2, layer.Channels));
        // Sums per (image, channel), added over the images at the end, in their order.
        var count = (long)layer.Batch * layer.Channels;
        var gammaSums = context.Scratch(count);
        var betaSums = context.Scratch(count);
        layer.ForEachGroup(context, group => Backpropagate(layer, group, dy.Data, dx.Data, gammaSums, betaSums));
        for (var channel = 0; channel < layer.Channels; channel++)
        {
            var (ofGamma, ofBeta) = (0.0, 0.0);
            for (var image = 0; image < layer.Batch; image++)
            {
                ofGamma += gammaSums[(long)image * layer.Channels + channel];
                ofBeta += betaSums[(long)image * layer.Channels + channel];
            }
            (dgamma.Data[channel], dbeta.Data[channel]) = ((float)ofGamma, (float)ofBeta);
        }
    }

    // With g the gradient where y > 0 and x' the normalised x: dbeta = sum g, dgamma = sum g x', and over a group of r = g gamma:
    // dx = (r - mean(r) - x' mean(r x')) / deviation.
    private static void Backpropagate(Layer layer, int group, float* dy, float* dx, float* gammaSums, float* betaSums)
    {
        var (mean, reciprocalDeviation) = layer.Statistics(group);
        var (firstChannel, image) = (layer.FirstChannel(group), layer.Image(group));
        var (meanGradient, meanProduct) = (0.0, 0.0);
        for (var channel = firstChannel; channel < firstChannel + layer.ChannelsPerGroup; channel++)
        {
            var offset = layer.Offset(group) + (nuint)(channel - firstChannel) * layer.MapSize;
            var (gamma, beta) = (layer.Gamma.Data[channel], layer.Beta.Data[channel]);
            var (sum, product) = MaskedSums(layer.X.Data + offset, dy + offset, layer.MapSize, mean, reciprocalDeviation * gamma, beta);
            product *= reciprocalDeviation;
            gammaSums[(long)image * layer.Channels + channel] = (float)product;
            betaSums[(long)image * layer.Channels + channel] = (float)sum;
            meanGradient += gamma * sum;
            meanProduct += gamma * product;
        }
        var count = layer.ChannelsPerGroup * (double)layer.MapSize;
        var slope = (float)(-reciprocalDeviation * (double)reciprocalDeviation * meanProduct / count);
        var shift = (float)(-reciprocalDeviation * meanGradient / count);
        for (var channel = firstChannel; channel < firstChannel + layer.ChannelsPerGroup; channel++)
        {
            var offset = layer.Offset(group) + (nuint)(channel - firstChannel) * layer.MapSize;
            var scale = reciprocalDeviation * layer.Gamma.Data[channel];
            InputGradient(layer.X.Data + offset, dy + offset, dx + offset, layer.MapSize, mean, scale, layer.Beta.Data[channel], slope, shift);
        }
    }

    // The sums of g and of g (x - mean).
    private static (double Sum, double Product) MaskedSums(float* x, float* dy, nuint count, float mean, float scale, float shift)
    {
        var (means, scales, shifts) = (Vector512.Create(mean), Vector512.Create(scale), Vector512.Create(shift));
        var (sums, products) = (Vector512<float>.Zero, Vector512<float>.Zero);
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var centered = Vector512.Load(x + index) - means;
            var positive = Vector512.GreaterThan(Vector512.FusedMultiplyAdd(centered, scales, shifts), Vector512<float>.Zero);
            var gradient = Vector512.Load(dy + index) & positive;
            sums += gradient;
            products = Vector512.FusedMultiplyAdd(gradient, centered, products);
        }
        var (sum, product) = (Lanes.Sum(sums), Lanes.Sum(products));
        for (; index < count; index++)
        {
            var centered = x[index] - mean;
            if (!(MathF.FusedMultiplyAdd(centered, scale, shift) > 0))
                continue;
            sum += dy[index];
            product += (double)dy[index] * centered;
        }
        return (sum, product);
    }

    private static void InputGradient(
        float* x, float* dy, float* dx, nuint count, float mean, float scale, float shift, float slope, float offset)
    {
        var (means, scales, shifts) = (Vector512.Create(mean), Vector512.Create(scale), Vector512.Create(shift));
        var (slopes, offsets) = (Vector512.Create(slope), Vector512.Create(offset));
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var centered = Vector512.Load(x + index) - means;
            var positive = Vector512.GreaterThan(Vector512.FusedMultiplyAdd(centered, scales, shifts), Vector512<float>.Zero);
            var gradient = Vector512.Load(dy + index) & positive;
            Vector512.Store(Vector512.FusedMultiplyAdd(gradient, scales, Vector512.FusedMultiplyAdd(centered, slopes, offsets)), dx + index);
        }
        for (; index < count; index++)
        {
            var centered = x[index] - mean;
            var gradient = MathF.FusedMultiplyAdd(centered, scale, shift) > 0 ? dy[index] : 0;
            dx[index] = MathF.FusedMultiplyAdd(gradient, scale, MathF.FusedMultiplyAdd(centered, slope, offset));
        }
    }

    // The checked inputs of a node, and where its groups lie: group (n, g) is contiguous, at number n * groups + g.
    private sealed class Layer
    {
        private readonly int _groups;
        private readonly float _epsilon;

        public Layer(KernelContext context, int groups, float epsilon)
        {
            (X, Gamma, Beta) = (context.Input(0), context.Input(1), context.Input(2));
            X.RequireRank("The image of a GroupNormRelu", 4);
            (Batch, Channels, MapSize) = (X[0], X[1], checked((nuint)(X.Sizes[2] * X.Sizes[3])));
            if (Channels % groups != 0)
                throw new ArgumentException($"{Channels} channels do not divide into {groups} groups.");
            Gamma.Require("Gamma", Channels);
            Beta.Require("Beta", Channels);
            (_groups, _epsilon) = (groups, epsilon);
            ChannelsPerGroup = Channels / groups;
        }

        public KernelTensor X { get; }

        public KernelTensor Gamma { get; }

        public KernelTensor Beta { get; }

        public int Batch { get; }

        public int Channels { get; }

        public int ChannelsPerGroup { get; }

        public nuint MapSize { get; }

        private nuint GroupSize => (nuint)ChannelsPerGroup * MapSize;

        public int Image(int group) => group / _groups;

        public int FirstChannel(int group) => group % _groups * ChannelsPerGroup;

        public nuint Offset(int group) => (nuint)group * GroupSize;

        public void ForEachGroup(KernelContext context, Action<int> body)
        {
            var count = checked(Batch * _groups);
            var perTask = Lanes.ItemsPerTask((long)GroupSize);
            context.ParallelFor(Lanes.TaskCount(count, perTask), task =>
            {
                for (var group = task * perTask; group < Math.Min(count, (task + 1) * perTask); group++)
                    body(group);
            });
        }

        public (float Mean, float ReciprocalDeviation) Statistics(int group)
        {
            var x = X.Data + Offset(group);
            var mean = (float)(Sum(x, GroupSize) / GroupSize);
            var variance = (float)(SquaredSum(x, GroupSize, mean) / GroupSize);
            return (mean, 1 / MathF.Sqrt(variance + _epsilon));
        }

        private static double Sum(float* x, nuint count)
        {
            var (a, b) = (Vector512<float>.Zero, Vector512<float>.Zero);
            var (c, d) = (Vector512<float>.Zero, Vector512<float>.Zero);
            nuint index = 0;
            for (; index + 64 <= count; index += 64)
            {
                a += Vector512.Load(x + index);
                b += Vector512.Load(x + index + 16);
                c += Vector512.Load(x + index + 32);
                d += Vector512.Load(x + index + 48);
            }
            var sum = Lanes.Sum(a + b + (c + d));
            for (; index < count; index++)
                sum += x[index];
            return sum;
        }

        private static double SquaredSum(float* x, nuint count, float mean)
        {
            var means = Vector512.Create(mean);
            var (a, b) = (Vector512<float>.Zero, Vector512<float>.Zero);
            var (c, d) = (Vector512<float>.Zero, Vector512<float>.Zero);
            nuint index = 0;
            for (; index + 64 <= count; index += 64)
            {
                var (e, f) = (Vector512.Load(x + index) - means, Vector512.Load(x + index + 16) - means);
                var (g, h) = (Vector512.Load(x + index + 32) - means, Vector512.Load(x + index + 48) - means);
                a = Vector512.FusedMultiplyAdd(e, e, a);
                b = Vector512.FusedMultiplyAdd(f, f, b);
                c = Vector512.FusedMultiplyAdd(g, g, c);
                d = Vector512.FusedMultiplyAdd(h, h, d);
            }
            var sum = Lanes.Sum(a + b + (c + d));
            for (; index < count; index++)
            {
                var centered = (double)x[index] - mean;
                sum += centered * centered;
            }
            return sum;
        }
    }
}
