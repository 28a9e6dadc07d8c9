using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Cases;

/// <summary>Compositions as the networks use them, with <see cref="Operator"/> in the place of an operator's name.</summary>
internal static class NetworkCases
{
    public const string Operator = "Network";

    public static IEnumerable<OperatorCase> All()
    {
        yield return new(Operator, "GroupNorm with 32 groups of 2 channels",
            [Sample.Real(1, 1, 64, 2, 2), Sample.Real(2, 64), Sample.Real(3, 64)],
            (b, x) => GroupNorm(b, x[0], x[1], x[2], 32, 1e-5f));
        yield return new(Operator, "GroupNorm with one channel per group",
            [Sample.Real(4, 2, 32, 2, 2), Sample.Real(5, 32), Sample.Real(6, 32)],
            (b, x) => GroupNorm(b, x[0], x[1], x[2], 32, 1e-5f));
        yield return new(Operator, "GroupNorm of 1x1 maps with 2 channels per group",
            [Sample.Distinct(7, 2, 64, 1, 1), Sample.Real(8, 64), Sample.Real(9, 64)],
            (b, x) => GroupNorm(b, x[0], x[1], x[2], 32, 1e-5f));
        yield return new(Operator, "weight standardisation", [Sample.Real(10, 3, 2, 3, 3)], (b, x) => Standardise(b, x[0], 1e-10f));
        yield return new(Operator, "weight standardisation in double precision", [Sample.Real(22, 2, 2, 3, 3)],
            (b, x) => b.Cast(Standardise(b, b.Cast(x[0], ElementType.Float64), 1e-10f), ElementType.Float32));
        yield return new(Operator, "softmax cross-entropy with mixed labels",
            [Sample.Real(11, 4, 3), Sample.Int64(0, 2, 1, 1), Sample.Int64(3, 1, 0, 2), Sample.Positive(12, 1)],
            (b, x) =>
            {
                var log = b.LogSoftmax(x[0], -1);
                var (own, other) = (b.OneHot(x[1], 3), b.OneHot(b.Gather(x[1], x[2], 0), 3));
                var mixed = b.Add(b.Mul(own, x[3]), b.Mul(other, b.Sub(b.Scalar(1), x[3])));
                return b.Neg(b.ReduceMean(b.ReduceSum(b.Mul(mixed, log), keepDimensions: false, 1), keepDimensions: false, 0));
            });
        yield return new(Operator, "residual unit with a strided shortcut",
            [Sample.Real(13, 1, 4, 4, 4), Sample.Real(14, 4), Sample.Real(15, 4), Sample.Real(16, 2, 4, 3, 3), Sample.Real(17, 2, 4, 1, 1)],
            (b, x) =>
            {
                var active = b.Relu(GroupNorm(b, x[0], x[1], x[2], 2, 1e-5f));
                return b.Add(b.Conv(active, Standardise(b, x[3], 1e-10f), 2, [1, 1, 1, 1]), b.Conv(active, x[4], 2));
            });
        yield return new(Operator, "root block and head",
            [Sample.Distinct(18, 1, 1, 9, 9), Sample.Real(19, 2, 1, 3, 3), Sample.Real(20, 2, 3), Sample.Real(21, 3)],
            (b, x) =>
            {
                var root = b.MaxPool(b.Conv(x[0], x[1], 2, [1, 1, 1, 1]), 3, 2, [1, 1, 1, 1]);
                return b.Add(b.MatMul(b.ReduceMean(root, keepDimensions: false, 2, 3), x[2]), x[3]);
            });
    }

    /// <summary>GroupNorm over [N,C,H,W] as plain arithmetic.</summary>
    public static Value GroupNorm(GraphBuilder b, Value image, Value scale, Value bias, long groups, float epsilon)
    {
        var sizes = image.Shape.Sizes;
        var grouped = b.Reshape(image, Shape.Of(sizes[0], groups, sizes[1] / groups * sizes[2] * sizes[3]));
        var normalised = b.Reshape(Normalise(b, grouped, epsilon, 2), image.Shape);
        var perChannel = Shape.Of(1, sizes[1], 1, 1);
        return b.Add(b.Mul(normalised, b.Reshape(scale, perChannel)), b.Reshape(bias, perChannel));
    }

    /// <summary>Each filter of [O,I,kh,kw] with mean 0 and variance 1.</summary>
    public static Value Standardise(GraphBuilder b, Value weight, float epsilon) => Normalise(b, weight, epsilon, 1, 2, 3);

    private static Value Normalise(GraphBuilder b, Value value, float epsilon, params long[] axes)
    {
        var centred = b.Sub(value, b.ReduceMean(value, keepDimensions: true, axes));
        var variance = b.ReduceMean(b.Mul(centred, centred), keepDimensions: true, axes);
        return b.Div(centred, b.Sqrt(b.Add(variance, b.Scalar(epsilon, value.Type))));
    }
}
