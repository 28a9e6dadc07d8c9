using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>The fused operators, from their definitions: derivatives of normalisation by its whole Jacobian, sums by their index sets.</summary>
internal static class FusedReference
{
    public static ReferenceTensor[] GroupNormRelu(Node node, ReferenceTensor[] inputs)
    {
        var (x, gamma, beta) = (inputs[0], inputs[1], inputs[2]);
        var normalized = Normalize(x.Values, GroupSize(node, x), node.Attributes.Real("epsilon", 0)).Values;
        return [Map(x, element => Math.Max(0, normalized[element] * gamma.Values[Channel(x, element)] + beta.Values[Channel(x, element)]))];
    }

    public static ReferenceTensor[] GroupNormReluGradient(Node node, ReferenceTensor[] inputs)
    {
        var (x, gamma, dy) = (inputs[0], inputs[1], inputs[3]);
        var y = GroupNormRelu(node, inputs)[0];
        var masked = dy.Values.Select((gradient, element) => y.Values[element] > 0 ? gradient : 0).ToArray();
        var normalized = Normalize(x.Values, GroupSize(node, x), node.Attributes.Real("epsilon", 0));
        var byNormalized = masked.Select((gradient, element) => gradient * gamma.Values[Channel(x, element)]).ToArray();
        var dx = Backpropagate(byNormalized, normalized, GroupSize(node, x));
        double PerChannel(int channel, Func<int, double> value) =>
            Enumerable.Range(0, masked.Length).Where(element => Channel(x, element) == channel).Sum(value);
        return
        [
            new ReferenceTensor(ElementType.Float32, x.Sizes, dx),
            Map(gamma, channel => PerChannel(channel, element => masked[element] * normalized.Values[element])),
            Map(gamma, channel => PerChannel(channel, element => masked[element])),
            y,
        ];
    }

    public static ReferenceTensor[] GroupNormReluGradientAdd(Node node, ReferenceTensor[] inputs)
    {
        var gradients = GroupNormReluGradient(node, inputs);
        return [Map(gradients[0], element => gradients[0].Values[element] + inputs[4].Values[element]), .. gradients.Skip(1)];
    }

    public static ReferenceTensor[] StandardizeWeights(Node node, ReferenceTensor[] inputs)
    {
        var normalized = Normalize(inputs[0].Values, FilterSize(inputs[0]), node.Attributes.Real("epsilon", 0));
        return [new ReferenceTensor(ElementType.Float32, inputs[0].Sizes, normalized.Values)];
    }

    public static ReferenceTensor[] StandardizeWeightsGradient(Node node, ReferenceTensor[] inputs)
    {
        var normalized = Normalize(inputs[0].Values, FilterSize(inputs[0]), node.Attributes.Real("epsilon", 0));
        return [new ReferenceTensor(ElementType.Float32, inputs[0].Sizes, Backpropagate(inputs[1].Values, normalized, FilterSize(inputs[0])))];
    }

    public static ReferenceTensor[] TurnKernel(Node node, ReferenceTensor[] inputs)
    {
        var w = inputs[0];
        long[] sizes = [w.Sizes[1], w.Sizes[0], w.Sizes[2], w.Sizes[3]];
        return [ReferenceTensor.Compute(w.Type, sizes, at => w.At(at[1], at[0], sizes[2] - 1 - at[2], sizes[3] - 1 - at[3]))];
    }

    public static ReferenceTensor[] ConvKernelGradient(Node node, ReferenceTensor[] inputs)
    {
        var (x, dy) = (inputs[0], inputs[1]);
        var (kernel, stride) = (node.Attributes.Integers("kernel_shape"), node.Attributes.Integers("strides")[0]);
        var sum = ReferenceTensor.Compute(ElementType.Float32, [dy.Sizes[1], x.Sizes[1], kernel[0], kernel[1]], _ => 0);
        foreach (var at in ReferenceTensor.Indices(dy.Sizes))
        {
            for (var input = 0L; input < x.Sizes[1]; input++)
            {
                for (var u = 0L; u < kernel[0]; u++)
                {
                    for (var v = 0L; v < kernel[1]; v++)
                    {
                        var (row, column) = (at[2] * stride + u - kernel[0] / 2, at[3] * stride + v - kernel[1] / 2);
                        if (row >= 0 && row < x.Sizes[2] && column >= 0 && column < x.Sizes[3])
                            sum.Values[sum.Offset([at[1], input, u, v])] += dy.At(at) * x.At(at[0], input, row, column);
                    }
                }
            }
        }
        return [sum];
    }

    public static ReferenceTensor[] MaxPoolGradient(Node node, ReferenceTensor[] inputs)
    {
        var sources = PoolingReference.MaxPool(node, [inputs[0]])[1];
        var dx = Map(inputs[0], _ => 0);
        for (var element = 0; element < sources.Values.Length; element++)
            dx.Values[(long)sources.Values[element]] += inputs[1].Values[element];
        return [dx];
    }

    public static ReferenceTensor[] MomentumStep(Node node, ReferenceTensor[] inputs)
    {
        var (rate, momentum, decay) = (inputs[3].Values[0], inputs[4].Values[0], inputs[5].Values[0]);
        var next = Map(inputs[0], element => momentum * inputs[2].Values[element] + inputs[1].Values[element] + decay * inputs[0].Values[element]);
        return [Map(inputs[0], element => inputs[0].Values[element] - rate * next.Values[element]), next];
    }

    public static ReferenceTensor[] ShapeOf(Node node, ReferenceTensor[] inputs) =>
        [new ReferenceTensor(ElementType.Int64, [inputs[0].Rank], [.. inputs[0].Sizes.Select(size => (double)size)])];

    private static ReferenceTensor Map(ReferenceTensor like, Func<int, double> element) =>
        new(ElementType.Float32, like.Sizes, [.. Enumerable.Range(0, like.Values.Length).Select(element)]);

    private static int Channel(ReferenceTensor image, int element) =>
        (int)(element / (image.Sizes[2] * image.Sizes[3]) % image.Sizes[1]);

    private static int GroupSize(Node node, ReferenceTensor image) =>
        (int)(image.Sizes[1] / node.Attributes.Integers("groups")[0] * image.Sizes[2] * image.Sizes[3]);

    private static int FilterSize(ReferenceTensor kernel) => (int)(kernel.Values.Length / kernel.Sizes[0]);

    private static (double[] Values, double[] Deviations) Normalize(double[] values, int size, double epsilon)
    {
        var rows = values.Chunk(size).Select(row => (Row: row, Mean: row.Average())).Select(row =>
            (row.Row, row.Mean, Deviation: Math.Sqrt(row.Row.Average(value => (value - row.Mean) * (value - row.Mean)) + epsilon))).ToArray();
        return ([.. rows.SelectMany(row => row.Row.Select(value => (value - row.Mean) / row.Deviation))], [.. rows.Select(row => row.Deviation)]);
    }

    // d x'_i / d x_j = ((i == j) - 1/n - x'_i x'_j / n) / deviation.
    private static double[] Backpropagate(double[] gradient, (double[] Values, double[] Deviations) normalized, int size)
    {
        var result = new double[gradient.Length];
        for (var j = 0; j < result.Length; j++)
        {
            var first = j / size * size;
            for (var i = first; i < first + size; i++)
            {
                var slope = (i == j ? 1 : 0) - (1 + normalized.Values[i] * normalized.Values[j]) / size;
                result[j] += gradient[i] * slope / normalized.Deviations[j / size];
            }
        }
        return result;
    }
}
