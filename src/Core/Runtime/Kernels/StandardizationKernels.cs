using System.Runtime.Intrinsics;

namespace BiT.Core.Runtime.Kernels;

/// <summary>Weight standardisation and its gradient, in double precision inside; see docs/decisions/0004.</summary>
internal static unsafe class StandardizationKernels
{
    /// <summary>StandardizeWeights(w [O,...]) -> each filter with mean 0 and variance 1; attribute epsilon.</summary>
    public static KernelDefinition Forward { get; } = new("StandardizeWeights", 1, 1, attributes =>
    {
        var epsilon = attributes.Real("epsilon");
        return context => RunForward(context, epsilon);
    });

    /// <summary>StandardizeWeightsGradient(w, dy of w's shape) -> dw; attribute epsilon.</summary>
    public static KernelDefinition Backward { get; } = new("StandardizeWeightsGradient", 2, 1, attributes =>
    {
        var epsilon = attributes.Real("epsilon");
        return context => RunBackward(context, epsilon);
    })
    {
        InPlace = 1,
    };

    private static void RunForward(KernelContext context, float epsilon)
    {
        var w = context.Input(0);
        var y = context.Output(0, w.Sizes);
        ForEachFilter(context, w, (offset, count) =>
        {
            var (mean, reciprocalDeviation) = Statistics(w.Data + offset, count, epsilon);
            Standardize(w.Data + offset, y.Data + offset, count, mean, reciprocalDeviation);
        });
    }

    // With w' the standardised filter: dw = (g - mean(g) - w' mean(g w')) / deviation.
    private static void RunBackward(KernelContext context, float epsilon)
    {
        var (w, gradient) = (context.Input(0), context.Input(1));
        gradient.Require("The gradient of standardised weights", w.Sizes);
        var dw = context.Output(0, w.Sizes);
        ForEachFilter(context, w, (offset, count) =>
        {
            var (mean, reciprocalDeviation) = Statistics(w.Data + offset, count, epsilon);
            var (sum, product) = GradientSums(w.Data + offset, gradient.Data + offset, count, mean);
            var slope = -product / count * reciprocalDeviation * reciprocalDeviation * reciprocalDeviation;
            InputGradient(w.Data + offset, gradient.Data + offset, dw.Data + offset, count, mean, reciprocalDeviation, sum / count, slope);
        });
    }

    private delegate void FilterAction(nuint offset, nuint count);

    private static void ForEachFilter(KernelContext context, KernelTensor w, FilterAction body)
    {
        if (w.Rank < 1 || w.ElementCount == 0)
            return;
        var filters = w[0];
        var count = (nuint)(w.ElementCount / filters);
        var perTask = Lanes.ItemsPerTask((long)count);
        context.ParallelFor(Lanes.TaskCount(filters, perTask), task =>
        {
            for (var filter = task * perTask; filter < Math.Min(filters, (task + 1) * perTask); filter++)
                body((nuint)filter * count, count);
        });
    }

    private static (double Mean, double ReciprocalDeviation) Statistics(float* w, nuint count, float epsilon)
    {
        var (a, b) = (Vector512<double>.Zero, Vector512<double>.Zero);
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var (low, high) = Vector512.Widen(Vector512.Load(w + index));
            a += low;
            b += high;
        }
        var sum = Lanes.Sum(a + b);
        for (; index < count; index++)
            sum += w[index];
        var mean = sum / count;

        var means = Vector512.Create(mean);
        (a, b) = (Vector512<double>.Zero, Vector512<double>.Zero);
        for (index = 0; index + 16 <= count; index += 16)
        {
            var (low, high) = Vector512.Widen(Vector512.Load(w + index));
            a = Vector512.FusedMultiplyAdd(low - means, low - means, a);
            b = Vector512.FusedMultiplyAdd(high - means, high - means, b);
        }
        var squares = Lanes.Sum(a + b);
        for (; index < count; index++)
            squares += (w[index] - mean) * (w[index] - mean);
        return (mean, 1 / Math.Sqrt(squares / count + epsilon));
    }

    private static void Standardize(float* w, float* y, nuint count, double mean, double reciprocalDeviation)
    {
        var (means, scales) = (Vector512.Create(mean), Vector512.Create(reciprocalDeviation));
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var (low, high) = Vector512.Widen(Vector512.Load(w + index));
            Vector512.Store(Vector512.Narrow((low - means) * scales, (high - means) * scales), y + index);
        }
        for (; index < count; index++)
            y[index] = (float)((w[index] - mean) * reciprocalDeviation);
    }

    // The sums of g and of g (w - mean).
    private static (double Sum, double Product) GradientSums(float* w, float* gradient, nuint count, double mean)
    {
        var means = Vector512.Create(mean);
        var (sums, products) = (Vector512<double>.Zero, Vector512<double>.Zero);
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var (low, high) = Vector512.Widen(Vector512.Load(w + index));
            var (lowGradient, highGradient) = Vector512.Widen(Vector512.Load(gradient + index));
            sums += lowGradient + highGradient;
            products = Vector512.FusedMultiplyAdd(lowGradient, low - means, products);
            products = Vector512.FusedMultiplyAdd(highGradient, high - means, products);
        }
        var (sum, product) = (Lanes.Sum(sums), Lanes.Sum(products));
        for (; index < count; index++)
        {
            sum += gradient[index];
            product += gradient[index] * (w[index] - mean);
        }
        return (sum, product);
    }

    private static void InputGradient(
        float* w, float* gradient, float* dw, nuint count, double mean, double reciprocalDeviation, double meanGradient, double slope)
    {
        var (means, scales) = (Vector512.Create(mean), Vector512.Create(reciprocalDeviation));
        var (meanGradients, slopes) = (Vector512.Create(meanGradient), Vector512.Create(slope));
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var (low, high) = Vector512.Widen(Vector512.Load(w + index));
            var (lowGradient, highGradient) = Vector512.Widen(Vector512.Load(gradient + index));
            low = Vector512.FusedMultiplyAdd(lowGradient - meanGradients, scales, (low - means) * slopes);
            high = Vector512.FusedMultiplyAdd(highGradient - meanGradients, scales, (high - means) * slopes);
            Vector512.Store(Vector512.Narrow(low, high), dw + index);
        }
        for (; index < count; index++)
            dw[index] = (float)Math.FusedMultiplyAdd(gradient[index] - meanGradient, reciprocalDeviation, (w[index] - mean) * slope);
    }
}
