using System.Runtime.Intrinsics;

namespace BiT.Core.Runtime.Kernels;

/// <summary>relu(GroupNorm(x)) and its gradients where a channel has few elements: a group is worked through as one row, with gamma and beta
/// repeated for every element of their channel.</summary>
internal static unsafe class SmallMapNorm
{
    public static void Forward(KernelContext context, GroupNormLayer layer, float* y)
    {
        var gammas = Repeat(context, layer, layer.Gamma);
        var betas = Repeat(context, layer, layer.Beta);
        layer.ForEachGroup(context, group =>
        {
            var (mean, reciprocalDeviation) = layer.Statistics(group);
            var (offset, channel) = (layer.Offset(group), (nuint)layer.FirstChannel(group) * layer.MapSize);
            Normalize(layer.X.Data + offset, y + offset, gammas + channel, betas + channel, layer.GroupSize, mean, reciprocalDeviation);
        });
    }

    /// <summary>As the kernel's own, with sums per element first; a task takes one group of all images, so that their sums have one order.</summary>
    public static void Backward(KernelContext context, GroupNormLayer layer, float* dy, NormGradients results)
    {
        var gammas = Repeat(context, layer, layer.Gamma);
        var betas = Repeat(context, layer, layer.Beta);
        var count = (long)layer.Channels * (long)layer.MapSize;
        var gammaSums = context.Scratch(count);
        var betaSums = context.Scratch(count);
        context.ParallelFor(layer.Groups, index =>
        {
            var first = (nuint)layer.FirstChannel(index) * layer.MapSize;
            new Span<float>(gammaSums + first, (int)layer.GroupSize).Clear();
            new Span<float>(betaSums + first, (int)layer.GroupSize).Clear();
            for (var image = 0; image < layer.Batch; image++)
            {
                var group = image * layer.Groups + index;
                Backpropagate(layer, group, dy, results, new Pair(gammas + first, betas + first), new Pair(gammaSums + first, betaSums + first));
            }
            for (var channel = layer.FirstChannel(index); channel < layer.FirstChannel(index) + layer.ChannelsPerGroup; channel++)
            {
                results.Gamma[channel] = Sum(gammaSums + (nuint)channel * layer.MapSize, layer.MapSize);
                results.Beta[channel] = Sum(betaSums + (nuint)channel * layer.MapSize, layer.MapSize);
            }
        });
    }

    private static float* Repeat(KernelContext context, GroupNormLayer layer, KernelTensor perChannel)
    {
        var repeated = context.Scratch((long)layer.Channels * (long)layer.MapSize);
        for (var channel = 0; channel < layer.Channels; channel++)
            new Span<float>(repeated + (nuint)channel * layer.MapSize, (int)layer.MapSize).Fill(perChannel.Data[channel]);
        return repeated;
    }

    private static float Sum(float* values, nuint count)
    {
        var sum = 0.0;
        for (nuint index = 0; index < count; index++)
            sum += values[index];
        return (float)sum;
    }

    private static void Normalize(float* x, float* y, float* gammas, float* betas, nuint count, float mean, float reciprocalDeviation)
    {
        var (means, factors) = (Vector512.Create(mean), Vector512.Create(reciprocalDeviation));
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var scale = factors * Vector512.Load(gammas + index);
            Vector512.Store(Lanes.Relu(Vector512.FusedMultiplyAdd(Vector512.Load(x + index) - means, scale, Vector512.Load(betas + index))), y + index);
        }
        for (; index < count; index++)
            y[index] = Lanes.Relu(MathF.FusedMultiplyAdd(x[index] - mean, reciprocalDeviation * gammas[index], betas[index]));
    }

    // The formulas of GroupNormKernels.
    private static void Backpropagate(GroupNormLayer layer, int group, float* dy, NormGradients results, Pair factors, Pair sums)
    {
        var offset = layer.Offset(group);
        var x = layer.X.Data + offset;
        var count = layer.GroupSize;
        var (mean, reciprocalDeviation) = layer.Statistics(group);
        var (gradientSum, productSum) = AddSums(x, dy + offset, results.Y + offset, count, mean, reciprocalDeviation, factors, sums);
        var slope = (float)(-reciprocalDeviation * (double)reciprocalDeviation * reciprocalDeviation * productSum / count);
        var shift = (float)(-reciprocalDeviation * gradientSum / count);
        InputGradient(x, dy + offset, results.X + offset, count, mean, reciprocalDeviation, factors, slope, shift);
        if (results.Other is not null)
            GroupNormKernels.Add(results.X + offset, results.Other + offset, count);
    }

    // Writes the output; adds g x' and g to the sums per element; returns the sums of g gamma and of g gamma (x - mean).
    private static (double Gradient, double Product) AddSums(
        float* x, float* dy, float* y, nuint count, float mean, float reciprocalDeviation, Pair factors, Pair sums)
    {
        var (means, deviations) = (Vector512.Create(mean), Vector512.Create(reciprocalDeviation));
        var (gradients, products) = (Vector512<float>.Zero, Vector512<float>.Zero);
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var centered = Vector512.Load(x + index) - means;
            var gamma = Vector512.Load(factors.First + index);
            var output = Vector512.FusedMultiplyAdd(centered, deviations * gamma, Vector512.Load(factors.Second + index));
            Vector512.Store(Lanes.Relu(output), y + index);
            var gradient = Vector512.Load(dy + index) & Vector512.GreaterThan(output, Vector512<float>.Zero);
            var product = gradient * centered;
            Vector512.Store(Vector512.FusedMultiplyAdd(product, deviations, Vector512.Load(sums.First + index)), sums.First + index);
            Vector512.Store(Vector512.Load(sums.Second + index) + gradient, sums.Second + index);
            gradients = Vector512.FusedMultiplyAdd(gradient, gamma, gradients);
            products = Vector512.FusedMultiplyAdd(product, gamma, products);
        }
        var (gradientSum, productSum) = (Lanes.Sum(gradients), Lanes.Sum(products));
        for (; index < count; index++)
        {
            var (centered, gamma) = (x[index] - mean, factors.First[index]);
            y[index] = Lanes.Relu(MathF.FusedMultiplyAdd(centered, reciprocalDeviation * gamma, factors.Second[index]));
            if (!(y[index] > 0))
                continue;
            var product = dy[index] * centered;
            sums.First[index] = MathF.FusedMultiplyAdd(product, reciprocalDeviation, sums.First[index]);
            sums.Second[index] += dy[index];
            gradientSum += (double)dy[index] * gamma;
            productSum += (double)product * gamma;
        }
        return (gradientSum, productSum);
    }

    private static void InputGradient(
        float* x, float* dy, float* dx, nuint count, float mean, float reciprocalDeviation, Pair factors, float slope, float shift)
    {
        var (means, deviations) = (Vector512.Create(mean), Vector512.Create(reciprocalDeviation));
        var (slopes, shifts) = (Vector512.Create(slope), Vector512.Create(shift));
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var centered = Vector512.Load(x + index) - means;
            var scale = deviations * Vector512.Load(factors.First + index);
            var positive = Vector512.GreaterThan(
                Vector512.FusedMultiplyAdd(centered, scale, Vector512.Load(factors.Second + index)), Vector512<float>.Zero);
            var gradient = Vector512.Load(dy + index) & positive;
            Vector512.Store(Vector512.FusedMultiplyAdd(gradient, scale, Vector512.FusedMultiplyAdd(centered, slopes, shifts)), dx + index);
        }
        for (; index < count; index++)
        {
            var (centered, scale) = (x[index] - mean, reciprocalDeviation * factors.First[index]);
            var gradient = MathF.FusedMultiplyAdd(centered, scale, factors.Second[index]) > 0 ? dy[index] : 0;
            dx[index] = MathF.FusedMultiplyAdd(gradient, scale, MathF.FusedMultiplyAdd(centered, slope, shift));
        }
    }

    private readonly struct Pair(float* first, float* second)
    {
        public float* First => first;

        public float* Second => second;
    }
}
