using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Cases;

internal static class ProductCases
{
    public static IEnumerable<OperatorCase> All() => [.. Matrices(), .. Convolutions(), .. TransposedConvolutions()];

    private static IEnumerable<OperatorCase> Matrices()
    {
        (string Name, long[] Left, long[] Right)[] shapes =
        [
            ("matrices", [2, 3], [3, 4]),
            ("equal batches", [2, 2, 3], [2, 3, 2]),
            ("right operand has no batch", [2, 2, 3], [3, 2]),
            ("left operand has no batch", [2, 3], [2, 3, 2]),
            ("both batches broadcast", [2, 1, 2, 3], [3, 3, 2]),
            ("inner product", [1, 4], [4, 1]),
        ];
        return shapes.Select((shape, seed) => new OperatorCase("MatMul", shape.Name,
            [Sample.Real(seed, shape.Left), Sample.Real(seed + 50, shape.Right)], (b, x) => b.MatMul(x[0], x[1])));
    }

    private static IEnumerable<OperatorCase> Convolutions()
    {
        // Name, image [N,I,H,W], kernel [O,I,kh,kw], strides, pads (top, left, bottom, right).
        (string Name, long[] Image, long[] Kernel, long[] Strides, long[] Pads)[] shapes =
        [
            ("1x1", [2, 3, 3, 4], [2, 3, 1, 1], [1, 1], [0, 0, 0, 0]),
            ("1x1 stride 2, odd size", [1, 2, 5, 5], [3, 2, 1, 1], [2, 2], [0, 0, 0, 0]),
            ("1x1 stride 2, even size: the last row is unused", [2, 2, 4, 6], [2, 2, 1, 1], [2, 2], [0, 0, 0, 0]),
            ("1x1 with padding as wide as the kernel", [1, 2, 3, 3], [2, 2, 1, 1], [1, 1], [1, 1, 1, 1]),
            ("3x3 same", [2, 2, 4, 5], [3, 2, 3, 3], [1, 1], [1, 1, 1, 1]),
            ("3x3 valid", [1, 2, 5, 4], [2, 2, 3, 3], [1, 1], [0, 0, 0, 0]),
            ("3x3 full", [1, 1, 3, 3], [2, 1, 3, 3], [1, 1], [2, 2, 2, 2]),
            ("3x3 padding wider than the kernel", [1, 1, 2, 2], [1, 1, 3, 3], [1, 1], [3, 4, 3, 3]),
            ("3x3 asymmetric padding", [1, 2, 4, 4], [2, 2, 3, 3], [1, 1], [0, 1, 2, 1]),
            ("3x3 stride 2, even size: the last row is unused", [2, 2, 6, 6], [2, 2, 3, 3], [2, 2], [1, 1, 1, 1]),
            ("3x3 stride 2, odd size", [1, 2, 5, 7], [2, 2, 3, 3], [2, 2], [1, 1, 1, 1]),
            ("3x3 stride 2, asymmetric padding", [1, 1, 6, 5], [2, 1, 3, 3], [2, 2], [0, 1, 1, 2]),
            ("3x3 stride 2, padding wider than the kernel", [1, 1, 3, 2], [1, 1, 3, 3], [2, 2], [3, 3, 4, 3]),
            ("7x7 stride 2 with padding 3", [1, 2, 8, 8], [2, 2, 7, 7], [2, 2], [3, 3, 3, 3]),
            ("7x7 stride 1, odd size", [1, 1, 7, 9], [1, 1, 7, 7], [1, 1], [3, 3, 3, 3]),
            ("kernel of two different sides", [1, 2, 5, 4], [2, 2, 1, 3], [1, 1], [0, 1, 0, 1]),
            ("two different strides", [1, 1, 7, 5], [2, 1, 3, 2], [3, 1], [1, 0, 0, 1]),
            ("kernel as large as the image", [2, 2, 3, 3], [2, 2, 3, 3], [1, 1], [0, 0, 0, 0]),
        ];
        foreach (var (name, image, kernel, strides, pads) in shapes)
        {
            yield return new("Conv", name, [Sample.Real(1, image), Sample.Real(2, kernel)],
                (b, x) => b.Append("Conv", x, Attributes.None.With("strides", strides).With("pads", pads)).Outputs[0]);
        }
        yield return new("Conv", "the builder's method", [Sample.Real(3, 1, 2, 5, 5), Sample.Real(4, 2, 2, 3, 3)],
            (b, x) => b.Conv(x[0], x[1], 2, [1, 1, 1, 1]));
        yield return new("Conv", "with bias", [Sample.Real(5, 2, 2, 3, 3), Sample.Real(6, 3, 2, 3, 3), Sample.Real(7, 3)],
            (b, x) => b.Append("Conv", x, Attributes.None.With("pads", 1, 1, 1, 1)).Outputs[0]);
        yield return new("Conv", "no gradient: dilated", [Sample.Real(8, 1, 1, 6, 6), Sample.Real(9, 1, 1, 3, 3)],
            (b, x) => b.Append("Conv", x, Attributes.None.With("dilations", 2, 2)).Outputs[0]);
    }

    private static IEnumerable<OperatorCase> TransposedConvolutions()
    {
        yield return new("ConvTranspose", "3x3 stride 2 with output padding", [Sample.Real(1, 1, 2, 3, 3), Sample.Real(2, 2, 3, 3, 3)],
            (b, x) => b.ConvTranspose(x[0], x[1], [2, 2], [1, 1, 1, 1], [1, 0]));
        yield return new("ConvTranspose", "3x3 stride 1", [Sample.Real(3, 2, 1, 2, 4), Sample.Real(4, 1, 2, 3, 3)],
            (b, x) => b.ConvTranspose(x[0], x[1], [1, 1], [0, 1, 2, 1], [0, 0]));
    }
}
