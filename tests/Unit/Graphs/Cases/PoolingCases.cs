using BiT.Graphs;
using BiT.Tests.Unit.Graphs.Reference;

namespace BiT.Tests.Unit.Graphs.Cases;

internal static class PoolingCases
{
    public static IEnumerable<OperatorCase> All()
    {
        yield return new("MaxPool", "2x2 stride 2", [Sample.Distinct(1, 2, 2, 4, 4)], (b, x) => b.MaxPool(x[0], 2, 2));
        yield return new("MaxPool", "3x3 stride 2 with padding, even size", [Sample.Distinct(2, 1, 2, 6, 6)],
            (b, x) => b.MaxPool(x[0], 3, 2, [1, 1, 1, 1]));
        yield return new("MaxPool", "3x3 stride 2, odd size", [Sample.Distinct(3, 2, 1, 7, 5)], (b, x) => b.MaxPool(x[0], 3, 2));
        yield return new("MaxPool", "3x3 stride 2, even size: the last row is unused", [Sample.Distinct(4, 1, 1, 6, 4)],
            (b, x) => b.MaxPool(x[0], 3, 2));
        yield return new("MaxPool", "overlapping windows share a maximum", [Sample.Distinct(5, 1, 1, 4, 4)],
            (b, x) => b.MaxPool(x[0], 3, 1, [1, 1, 1, 1]));
        yield return new("MaxPool", "padding never wins over negative elements", [Negative(Sample.Positive(6, 1, 1, 4, 4))],
            (b, x) => b.MaxPool(x[0], 3, 2, [1, 1, 1, 1]));
        yield return new("MaxPool", "asymmetric padding", [Sample.Distinct(7, 1, 2, 5, 4)], (b, x) => b.MaxPool(x[0], 3, 2, [0, 1, 1, 0]));
        yield return new("MaxPool", "no gradient: indices with ties", [Sample.Ties(8, 2, 2, 6, 6)],
            (b, x) => Indices(b.MaxPool(x[0], 3, 2, [1, 1, 1, 1])));
        yield return new("MaxPool", "no gradient: indices of a constant image", [Sample.Ties(9, 1, 2, 1, 1)],
            (b, x) => Indices(b.MaxPool(b.Expand(b.Slice(x[0], 1, 0, 1), Shape.Of(1, 2, 5, 5)), 3, 2, [1, 1, 1, 1])));
        yield return new("InstanceNormalization", "rank 3", [Sample.Real(10, 2, 3, 4), Sample.Real(11, 3), Sample.Real(12, 3)],
            (b, x) => b.InstanceNormalization(x[0], x[1], x[2], 1e-5f));
        yield return new("InstanceNormalization", "rank 4", [Sample.Real(13, 1, 2, 3, 3), Sample.Real(14, 2), Sample.Real(15, 2)],
            (b, x) => b.InstanceNormalization(x[0], x[1], x[2], 1e-3f));
        yield return new("LayerNormalization", "rank 1", [Sample.Real(16, 7), Sample.Real(17, 7)], (b, x) => b.LayerNormalization(x[0], x[1], 1e-5f));
        yield return new("LayerNormalization", "rank 3", [Sample.Real(18, 2, 3, 4), Sample.Real(19, 4)],
            (b, x) => b.LayerNormalization(x[0], x[1], 1e-3f));
    }

    private static Value Indices(Value pooled) =>
        pooled.Producer?.Outputs[1] ?? throw new InvalidOperationException("A pooled value has a producer.");

    private static ReferenceTensor Negative(ReferenceTensor tensor) =>
        new(tensor.Type, tensor.Sizes, [.. tensor.Values.Select(value => -value)]);
}
