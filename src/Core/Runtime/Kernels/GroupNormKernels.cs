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

    /// <summary>GroupNormReluGradient(x, gamma, beta, dy [N,C,H,W]) -> dx [N,C,H,W], dgamma [C], dbeta [C], y [N,C,H,W]; attributes as forward.</summary>
    /// <remarks>y has the bits of the forward pass.</remarks>
    public static KernelDefinition Backward { get; } = new("GroupNormReluGradient", 4, 4, attributes =>
    {
        var (groups, epsilon) = Read(attributes);
        return context => RunBackward(context, groups, epsilon, adds: false);
    })
    {
        InPlace = 3,
    };

    /// <summary>GroupNormReluGradientAdd(x, gamma, beta, dy, other [N,C,H,W]) -> dx + other, and the rest as <see cref="Backward"/>.</summary>
    public static KernelDefinition BackwardAdd { get; } = new("GroupNormReluGradientAdd", 5, 4, attributes =>
    {
        var (groups, epsilon) = Read(attributes);
        return context => RunBackward(context, groups, epsilon, adds: true);
    })
    {
        InPlace = 3,
    };

    private static (int Groups, float Epsilon) Read(KernelAttributes attributes)
    {
        if (attributes.Integers("groups") is not [> 0 and <= int.MaxValue and var groups])
            throw new ArgumentException("Attribute groups is one integer of at least 1.");
        return ((int)groups, attributes.Real("epsilon"));
    }

    private static void RunForward(KernelContext context, int groups, float epsilon)
    {
        var layer = new GroupNormLayer(context, groups, epsilon);
        var y = context.Output(0, layer.X.Sizes);
        if (layer.HasSmallMaps)
        {
            SmallMapNorm.Forward(context, layer, y.Data);
            return;
        }
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

    private static void RunBackward(KernelContext context, int groups, float epsilon, bool adds)
    {
        var layer = new GroupNormLayer(context, groups, epsilon);
        var dy = context.Input(3);
        dy.Require("The gradient of a GroupNormRelu", layer.X.Sizes);
        float* other = null;
        if (adds)
        {
            var summand = context.Input(4);
            summand.Require("What is added to the gradient of a GroupNormRelu", layer.X.Sizes);
            other = summand.Data;
        }
        var dx = context.Output(0, layer.X.Sizes);
        var (dgamma, dbeta) = (context.Output(1, layer.Channels), context.Output(2, layer.Channels));
        var y = context.Output(3, layer.X.Sizes);
        if (layer.HasSmallMaps)
        {
            SmallMapNorm.Backward(context, layer, dy.Data, new NormGradients(dx.Data, other, dgamma.Data, dbeta.Data, y.Data));
            return;
        }
        // Sums per (image, channel), added over the images at the end, in their order.
        var count = (long)layer.Batch * layer.Channels;
        var gammaSums = context.Scratch(count);
        var betaSums = context.Scratch(count);
        layer.ForEachGroup(context, group => Backpropagate(layer, group, dy.Data, new NormGradients(dx.Data, other, gammaSums, betaSums, y.Data)));
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
    private static void Backpropagate(GroupNormLayer layer, int group, float* dy, NormGradients results)
    {
        var (mean, reciprocalDeviation) = layer.Statistics(group);
        var (firstChannel, image) = (layer.FirstChannel(group), layer.Image(group));
        var (meanGradient, meanProduct) = (0.0, 0.0);
        for (var channel = firstChannel; channel < firstChannel + layer.ChannelsPerGroup; channel++)
        {
            var offset = layer.Offset(group) + (nuint)(channel - firstChannel) * layer.MapSize;
            var (gamma, beta) = (layer.Gamma.Data[channel], layer.Beta.Data[channel]);
            var (sum, product) = MaskedSums(layer.X.Data + offset, dy + offset, results.Y + offset, layer.MapSize, mean, reciprocalDeviation * gamma, beta);
            product *= reciprocalDeviation;
            results.Gamma[(long)image * layer.Channels + channel] = (float)product;
            results.Beta[(long)image * layer.Channels + channel] = (float)sum;
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
            InputGradient(layer.X.Data + offset, dy + offset, results.X + offset, layer.MapSize, mean, scale, layer.Beta.Data[channel], slope, shift);
            if (results.Other is not null)
                Add(results.X + offset, results.Other + offset, layer.MapSize);
        }
    }

    /// <summary>Adds to what was just written and is in the cache.</summary>
    public static void Add(float* target, float* other, nuint count)
    {
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
            Vector512.Store(Vector512.Load(target + index) + Vector512.Load(other + index), target + index);
        for (; index < count; index++)
            target[index] += other[index];
    }

    // The sums of g and of g (x - mean); writes the output.
    private static (double Sum, double Product) MaskedSums(float* x, float* dy, float* y, nuint count, float mean, float scale, float shift)
    {
        var (means, scales, shifts) = (Vector512.Create(mean), Vector512.Create(scale), Vector512.Create(shift));
        var (sums, products) = (Vector512<float>.Zero, Vector512<float>.Zero);
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var centered = Vector512.Load(x + index) - means;
            var output = Vector512.FusedMultiplyAdd(centered, scales, shifts);
            Vector512.Store(Lanes.Relu(output), y + index);
            var gradient = Vector512.Load(dy + index) & Vector512.GreaterThan(output, Vector512<float>.Zero);
            sums += gradient;
            products = Vector512.FusedMultiplyAdd(gradient, centered, products);
        }
        var (sum, product) = (Lanes.Sum(sums), Lanes.Sum(products));
        for (; index < count; index++)
        {
            var centered = x[index] - mean;
            y[index] = Lanes.Relu(MathF.FusedMultiplyAdd(centered, scale, shift));
            if (!(y[index] > 0))
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
}

/// <summary>Where the backward pass of a norm writes.</summary>
internal readonly unsafe struct NormGradients(float* x, float* other, float* gamma, float* beta, float* y)
{
    /// <summary>Gradient of the image.</summary>
    public float* X => x;

    /// <summary>What is added to it, or null.</summary>
    public float* Other => other;

    /// <summary>Gradient of gamma, or its parts by image.</summary>
    public float* Gamma => gamma;

    /// <summary>Gradient of beta, or its parts by image.</summary>
    public float* Beta => beta;

    /// <summary>The norm's output once more.</summary>
    public float* Y => y;
}
