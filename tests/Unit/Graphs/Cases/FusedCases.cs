using BiT.Graphs;
using BiT.Tests.Unit.Graphs.Reference;

namespace BiT.Tests.Unit.Graphs.Cases;

/// <summary>The fused operators, and those that only their bodies use.</summary>
internal static class FusedCases
{
    public static IEnumerable<OperatorCase> All() => [.. Normalizations(), .. Convolutions(), .. Rest()];

    private static IEnumerable<OperatorCase> Normalizations()
    {
        // Name, image [N,C,H,W], groups.
        (string Name, long[] Image, long Groups)[] norms =
        [
            ("two channels per group", [2, 4, 3, 5], 2),
            ("one channel per group", [2, 3, 2, 2], 3),
            ("one group", [1, 3, 3, 3], 1),
            ("maps of one position", [3, 8, 1, 1], 2),
            ("maps of 17 positions: a vector and one more", [1, 2, 1, 17], 1),
            ("maps of 9 x 8: no small map", [1, 2, 9, 8], 1),
        ];
        foreach (var (name, image, groups) in norms)
        {
            ReferenceTensor[] inputs = [Sample.Real(1, image), Sample.Real(2, image[1]), Sample.Real(3, image[1])];
            yield return new("GroupNormRelu", name, inputs, (b, x) => b.GroupNormRelu(x[0], x[1], x[2], groups, 1e-5f));
            yield return new("GroupNormReluGradient", $"by the image, {name}", [.. inputs, Sample.Real(4, image)], (b, x) => NormGradient(b, x, groups, 0));
            yield return new("GroupNormReluGradient", $"by gamma, {name}", [.. inputs, Sample.Real(4, image)], (b, x) => NormGradient(b, x, groups, 1));
            yield return new("GroupNormReluGradient", $"by beta, {name}", [.. inputs, Sample.Real(4, image)], (b, x) => NormGradient(b, x, groups, 2));
            yield return new("GroupNormReluGradient", $"the output again, {name}", [.. inputs, Sample.Real(4, image)], (b, x) => NormGradient(b, x, groups, 3));
            foreach (var output in (int[])[0, 1, 3])
            {
                yield return new("GroupNormReluGradientAdd", $"output {output}, {name}", [.. inputs, Sample.Real(4, image), Sample.Real(5, image)],
                    (b, x) => b.Append("GroupNormReluGradientAdd", x, Attributes.None.With("groups", [groups]).With("epsilon", 1e-5f)).Outputs[output]);
            }
        }
        foreach (var sizes in (long[][])[[3, 2, 3, 3], [2, 17, 1, 1], [1, 5, 1, 1], [2, 3, 7, 7]])
        {
            var name = string.Join("x", sizes);
            yield return new("StandardizeWeights", name, [Sample.Real(5, sizes)], (b, x) => b.StandardizeWeights(x[0], 1e-10f));
            yield return new("StandardizeWeightsGradient", name, [Sample.Real(5, sizes), Sample.Real(6, sizes)],
                (b, x) => b.Append("StandardizeWeightsGradient", x, Attributes.None.With("epsilon", 1e-10f)).Outputs[0]);
        }
    }

    private static Value NormGradient(GraphBuilder b, Value[] inputs, long groups, int output) =>
        b.Append("GroupNormReluGradient", inputs, Attributes.None.With("groups", [groups]).With("epsilon", 1e-5f)).Outputs[output];

    private static IEnumerable<OperatorCase> Convolutions()
    {
        // Image [N,I,H,W], kernel [O,I,k,k], stride.
        (long[] Image, long[] Kernel, long Stride)[] layers =
        [
            ([2, 3, 3, 4], [2, 3, 1, 1], 1),
            ([1, 9, 5, 5], [3, 9, 1, 1], 2),
            ([2, 2, 4, 6], [2, 2, 1, 1], 2),
            ([2, 2, 4, 5], [3, 2, 3, 3], 1),
            ([1, 1, 1, 1], [2, 1, 3, 3], 1),
            ([2, 2, 6, 6], [2, 2, 3, 3], 2),
            ([1, 2, 5, 7], [33, 2, 3, 3], 2),
            ([3, 17, 2, 2], [5, 17, 3, 3], 1),
        ];
        foreach (var (image, kernel, stride) in layers)
        {
            var name = $"{string.Join("x", image)} with {string.Join("x", kernel)}, stride {stride}";
            long[] result = [image[0], kernel[0], (image[2] - 1) / stride + 1, (image[3] - 1) / stride + 1];
            yield return new("Convolution", name, [Sample.Real(1, image), Sample.Real(2, kernel)], (b, x) => b.Convolution(x[0], x[1], stride));
            yield return new("ConvInputGradient", name, [Sample.Real(3, result), Sample.Real(2, kernel)], (b, x) =>
                b.ConvInputGradient(x[0], x[1], stride, [(image[2] - 1) % stride, (image[3] - 1) % stride]));
            yield return new("ConvKernelGradient", name, [Sample.Real(1, image), Sample.Real(3, result)],
                (b, x) => b.ConvKernelGradient(x[0], x[1], kernel[2], stride));
        }
        foreach (var stride in (long[])[1, 2])
        {
            yield return new("ConvKernelGradient", $"7x7, stride {stride}", [Sample.Real(1, 2, 2, 9, 8), Sample.Real(3, 2, 3, 8 / stride + 1, 7 / stride + 1)],
                (b, x) => b.ConvKernelGradient(x[0], stride == 1 ? b.Slice(x[1], [2, 3], [0, 0], [9, 8], [1, 1]) : b.Slice(x[1], [2, 3], [0, 0], [5, 4], [1, 1]), 7, stride));
        }
        yield return new("TurnKernel", "3x3", [Sample.Real(4, 3, 5, 3, 3)], (b, x) => b.TurnKernel(x[0]));
        yield return new("TurnKernel", "1x1, more than four rows and columns", [Sample.Real(4, 5, 6, 1, 1)], (b, x) => b.TurnKernel(x[0]));
    }

    private static IEnumerable<OperatorCase> Rest()
    {
        var pool = Attributes.None.With("kernel_shape", 3, 3).With("strides", 2, 2).With("pads", 1, 1, 1, 1);
        yield return new("MaxPoolGradient", "3x3 stride 2, odd size", [Sample.Distinct(1, 2, 1, 7, 5), Sample.Real(2, 2, 1, 4, 3)],
            (b, x) => b.Append("MaxPoolGradient", x, pool).Outputs[0]);
        yield return new("MaxPoolGradient", "ties go to the first", [Sample.Ties(3, 1, 2, 6, 20), Sample.Real(4, 1, 2, 3, 10)],
            (b, x) => b.Append("MaxPoolGradient", x, pool).Outputs[0]);
        foreach (var output in (int[])[0, 1])
        {
            yield return new("MomentumStep", output == 0 ? "the parameter" : "the momentum",
                [Sample.Real(1, 3, 7), Sample.Real(2, 3, 7), Sample.Real(3, 3, 7), Sample.Positive(4, 1), Sample.Positive(5, 1), Sample.Positive(6, 1)],
                (b, x) => b.Append("MomentumStep", x).Outputs[output]);
        }
        yield return new("Shape", "of a matrix", [Sample.Real(1, 3, 2)], (b, x) => b.Append("Shape", x).Outputs[0]);
        yield return new("Reshape", "no gradient: like another value", [Sample.Real(2, 3, 4), Sample.Real(3, 2, 6)], (b, x) => b.Add(b.ReshapeLike(x[0], x[1]), x[1]));
        yield return new("Expand", "no gradient: like another value", [Sample.Real(4, 3, 1), Sample.Real(5, 3, 2)], (b, x) => b.Add(b.ExpandLike(x[0], x[1]), x[1]));
    }
}
