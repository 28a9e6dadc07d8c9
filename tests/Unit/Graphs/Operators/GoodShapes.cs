using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Operators;

internal static class GoodShapes
{
    public static IReadOnlyList<ShapeRow> All { get; } = [.. Elementwise(), .. Movement(), .. Windows(), .. Fused()];

    private static IEnumerable<ShapeRow> Elementwise() =>
    [
        new("Add", "equal", "float32[2,3]", b => b.Add(b.Input("2,3"), b.Input("2,3"))),
        new("Add", "symbols of one name", "float32[N,3]", b => b.Add(b.Input("N,3"), b.Input("N,1"))),
        new("Add", "a symbol against 1", "float32[N,3]", b => b.Add(b.Input("1,3"), b.Input("N,3"))),
        new("Add", "an empty axis against 1", "float32[0,3]", b => b.Add(b.Input("0,3"), b.Input("1,3"))),
        new("Sub", "int64", "int64[4]", b => b.Sub(b.Input("4", ElementType.Int64), b.Input("", ElementType.Int64))),
        new("Mul", "ranks differ", "float32[5,2,3]", b => b.Mul(b.Input("5,2,1"), b.Input("3"))),
        new("Div", "float64", "float64[2]", b => b.Div(b.Input("2", ElementType.Float64), b.Input("1", ElementType.Float64))),
        new("Equal", "int64", "bool[2,3]", b => b.Equal(b.Input("2,1", ElementType.Int64), b.Input("3", ElementType.Int64))),
        new("Greater", "broadcast", "bool[N,3]", b => b.Greater(b.Input("N,3"), b.Input(""))),
        new("Where", "three ranks", "float32[4,2,3]", b => b.Where(b.Input("4,1,1", ElementType.Bool), b.Input("2,1"), b.Input("3"))),
        new("Cast", "uint8", "float32[N,8]", b => b.Cast(b.Input("N,8", ElementType.UInt8), ElementType.Float32)),
        new("Neg", "symbolic", "float32[N]", b => b.Neg(b.Input("N"))),
        new("Sqrt", "float16", "float16[2]", b => b.Sqrt(b.Input("2", ElementType.Float16))),
        new("Reciprocal", "scalar", "float32[]", b => b.Reciprocal(b.Input(""))),
        new("Exp", "matrix", "float32[2,2]", b => b.Exp(b.Input("2,2"))),
        new("Log", "matrix", "float32[2,2]", b => b.Log(b.Input("2,2"))),
        new("Relu", "matrix", "float32[2,2]", b => b.Relu(b.Input("2,2"))),
        new("Sign", "matrix", "float32[2,2]", b => b.Sign(b.Input("2,2"))),
        new("Not", "vector", "bool[2]", b => b.Not(b.Input("2", ElementType.Bool))),
        new("Identity", "bool", "bool[2]", b => b.Identity(b.Input("2", ElementType.Bool))),
        new("LogSoftmax", "negative axis", "float32[N,10]", b => b.LogSoftmax(b.Input("N,10"), -1)),
        new("OneHot", "symbolic batch", "float32[N,7]", b => b.OneHot(b.Input("N", ElementType.Int64), 7)),
        new("ReduceSum", "kept", "float32[N,1,4]", b => b.ReduceSum(b.Input("N,3,4"), true, 1)),
        new("ReduceSum", "all dropped", "float32[]", b => b.ReduceSum(b.Input("N,3"), false, 0, 1)),
        new("ReduceMean", "spatial axes dropped", "float32[N,C]", b => b.ReduceMean(b.Input("N,C,7,7"), false, 2, 3)),
        new("ReduceMean", "negative axis", "float32[2,1]", b => b.ReduceMean(b.Input("2,3"), true, -1)),
    ];

    private static IEnumerable<ShapeRow> Movement() =>
    [
        new("Reshape", "static", "float32[3,4]", b => b.Reshape(b.Input("2,6"), Shapes.Parse("3,4"))),
        new("Reshape", "a symbol stays at its axis", "float32[N,2,3]", b => b.Reshape(b.Input("N,6"), Shapes.Parse("N,2,3"))),
        new("Reshape", "-1 infers a size", "float32[N,6]",
            b => b.Append("Reshape", [b.Input("N,2,3"), b.Constant(Tensor.Of(0, -1))]).Outputs[0]),
        new("Reshape", "-1 infers a symbol", "float32[N,6]",
            b => b.Append("Reshape", [b.Input("N,2,3"), b.Constant(Tensor.Of(-1, 6))]).Outputs[0]),
        new("Reshape", "two symbols", "float32[N,C,1]", b => b.Reshape(b.Input("N,C"), Shapes.Parse("N,C,1"))),
        new("Transpose", "symbolic", "float32[W,N,H]", b => b.Transpose(b.Input("N,H,W"), 2, 0, 1)),
        new("Slice", "step 2", "float32[N,3]", b => b.Slice(b.Input("N,6"), 1, 0, 6, 2)),
        new("Slice", "clamped", "float32[2]", b => b.Slice(b.Input("5"), 0, 3, long.MaxValue)),
        new("Slice", "reversed", "float32[5]", b => b.Slice(b.Input("5"), 0, -1, long.MinValue, -1)),
        new("Slice", "the largest step", "float32[1]", b => b.Slice(b.Input("5"), 0, 2, 5, long.MaxValue)),
        new("Slice", "the smallest step", "float32[1]", b => b.Slice(b.Input("5"), 0, 2, long.MinValue, long.MinValue)),
        new("Slice", "start behind end", "float32[0]", b => b.Slice(b.Input("5"), 0, 4, 2)),
        new("Slice", "an empty axis", "float32[0,2]", b => b.Slice(b.Input("0,2"), 0, 0, 9)),
        new("Slice", "an empty axis, reversed", "float32[0,2]", b => b.Slice(b.Input("0,2"), 0, -1, long.MinValue, -1)),
        new("Concat", "three", "float32[N,6]", b => b.Concat(1, b.Input("N,1"), b.Input("N,2"), b.Input("N,3"))),
        new("Concat", "one input keeps its symbol", "float32[N]", b => b.Concat(0, b.Input("N"))),
        new("Expand", "rank", "float32[4,2,3]", b => b.Expand(b.Input("2,1"), Shapes.Parse("4,1,3"))),
        new("Expand", "a symbol against 1", "float32[N,3]", b => b.Expand(b.Input("N,1"), Shapes.Parse("1,3"))),
        new("Pad", "only static axes", "float32[N,6]", b => b.Pad(b.Input("N,3"), 0, 1, 0, 2)),
        new("Gather", "rows", "float32[B,4]", b => b.Gather(b.Input("N,4"), b.Input("B", ElementType.Int64), 0)),
        new("Gather", "indices of rank 2 in the middle", "float32[2,5,6,4]",
            b => b.Gather(b.Input("2,3,4"), b.Input("5,6", ElementType.Int64), 1)),
        new("Gather", "a scalar index drops the axis", "float32[2]", b => b.Gather(b.Input("2,3"), b.Input("", ElementType.Int64), -1)),
        new("ScatterElements", "fewer updates than data", "float32[9]",
            b => b.ScatterAdd(b.Input("9"), b.Input("2", ElementType.Int64), b.Input("2"), 0)),
    ];

    private static IEnumerable<ShapeRow> Windows() =>
    [
        new("MatMul", "symbolic rows", "float32[N,5]", b => b.MatMul(b.Input("N,4"), b.Input("4,5"))),
        new("MatMul", "batches broadcast", "float32[6,3,2,5]", b => b.MatMul(b.Input("6,1,2,4"), b.Input("3,4,5"))),
        new("Conv", "same", "float32[N,8,5,7]", b => b.Conv(b.Input("N,3,5,7"), b.Input("8,3,3,3"), 1, [1, 1, 1, 1])),
        new("Conv", "7x7 stride 2", "float32[1,64,112,112]", b => b.Conv(b.Input("1,3,224,224"), b.Input("64,3,7,7"), 2, [3, 3, 3, 3])),
        new("Conv", "stride 2 leaves the last row", "float32[1,1,2,2]", b => b.Conv(b.Input("1,1,4,4"), b.Input("1,1,1,1"), 2)),
        new("ConvTranspose", "output padding", "float32[N,3,8,7]",
            b => b.ConvTranspose(b.Input("N,2,4,4"), b.Input("2,3,3,3"), [2, 2], [1, 1, 1, 1], [1, 0])),
        new("MaxPool", "3x3 stride 2 with padding", "float32[N,64,56,56]", b => b.MaxPool(b.Input("N,64,112,112"), 3, 2, [1, 1, 1, 1])),
        new("MaxPool", "indices", "int64[1,1,2,2]", b => b.Append("MaxPool", [b.Input("1,1,4,4")],
            Attributes.None.With("kernel_shape", 2, 2).With("strides", 2, 2)).Outputs[1]),
        new("InstanceNormalization", "groups", "float32[N,32,98]",
            b => b.InstanceNormalization(b.Input("N,32,98"), b.Input("32"), b.Input("32"), 1e-5f)),
        new("LayerNormalization", "mean by row", "float32[N,32,1]", b => b.LayerNormalization(b.Input("N,32,98"), b.Input("98"), 1e-5f).Producer!.Outputs[1]),
        new("LayerNormalization", "last axis", "float32[N,32,98]", b => b.LayerNormalization(b.Input("N,32,98"), b.Input("98"), 1e-5f)),
    ];

    private static IEnumerable<ShapeRow> Fused() =>
    [
        new("Shape", "symbolic", "int64[2]", b => b.Append("Shape", [b.Input("N,3")]).Outputs[0]),
        new("Reshape", "like a symbolic value", "float32[N,6]", b => b.ReshapeLike(b.Input("N,2,3"), b.Input("N,6"))),
        new("GroupNormRelu", "symbolic batch", "float32[N,64,7,7]",
            b => b.GroupNormRelu(b.Input("N,64,7,7"), b.Input("64"), b.Input("64"), 32, 1e-5f)),
        new("GroupNormReluGradient", "by gamma", "float32[4]", b => b.Append("GroupNormReluGradient",
            [b.Input("2,4,3,3"), b.Input("4"), b.Input("4"), b.Input("2,4,3,3")], Attributes.None.With("groups", [2L]).With("epsilon", 1f)).Outputs[1]),
        new("GroupNormReluGradient", "the output again", "float32[2,4,3,3]", b => b.Append("GroupNormReluGradient",
            [b.Input("2,4,3,3"), b.Input("4"), b.Input("4"), b.Input("2,4,3,3")], Attributes.None.With("groups", [2L]).With("epsilon", 1f)).Outputs[3]),
        new("GroupNormReluGradientAdd", "by the image", "float32[2,4,3,3]", b => b.Append("GroupNormReluGradientAdd",
            [b.Input("2,4,3,3"), b.Input("4"), b.Input("4"), b.Input("2,4,3,3"), b.Input("2,4,3,3")], Attributes.None.With("groups", [2L]).With("epsilon", 1f)).Outputs[0]),
        new("StandardizeWeights", "3x3", "float32[8,4,3,3]", b => b.StandardizeWeights(b.Input("8,4,3,3"), 1e-10f)),
        new("StandardizeWeightsGradient", "3x3", "float32[8,4,3,3]", b => b.Append("StandardizeWeightsGradient",
            [b.Input("8,4,3,3"), b.Input("8,4,3,3")], Attributes.None.With("epsilon", 1e-10f)).Outputs[0]),
        new("TurnKernel", "3x3", "float32[4,8,3,3]", b => b.TurnKernel(b.Input("8,4,3,3"))),
        new("Convolution", "stride 2", "float32[2,8,3,4]", b => b.Convolution(b.Input("2,4,5,7"), b.Input("8,4,3,3"), 2)),
        new("ConvInputGradient", "stride 2 with a row behind", "float32[2,4,6,7]",
            b => b.ConvInputGradient(b.Input("2,8,3,4"), b.Input("8,4,3,3"), 2, [1, 0])),
        new("ConvKernelGradient", "7x7 stride 2", "float32[8,3,7,7]", b => b.ConvKernelGradient(b.Input("2,3,9,9"), b.Input("2,8,5,5"), 7, 2)),
        new("MaxPoolGradient", "3x3 stride 2", "float32[1,2,6,6]", b => b.Append("MaxPoolGradient", [b.Input("1,2,6,6"), b.Input("1,2,2,2")],
            Attributes.None.With("kernel_shape", 3, 3).With("strides", 2, 2)).Outputs[0]),
        new("MomentumStep", "the momentum", "float32[5,2]", b =>
            b.MomentumStep(b.Input("5,2"), b.Input("5,2"), b.Input("5,2"), (b.Input("1"), b.Input("1"), b.Input("1"))).Velocity),
    ];
}
