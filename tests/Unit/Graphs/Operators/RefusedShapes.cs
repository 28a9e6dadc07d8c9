using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Operators;

internal static class RefusedShapes
{
    public static IReadOnlyList<ShapeRow> All { get; } = [.. Elementwise(), .. Movement(), .. Indexing(), .. Windows(), .. Fused()];

    private static IEnumerable<ShapeRow> Elementwise() =>
    [
        new("Add", "shapes", "Shapes [2,3] and [2,4] do not broadcast: 3 against 4", b => b.Add(b.Input("2,3"), b.Input("2,4"))),
        new("Add", "a symbol against a size", "do not broadcast: N against 2", b => b.Add(b.Input("N"), b.Input("2"))),
        new("Add", "two symbols", "do not broadcast: N against M", b => b.Add(b.Input("N"), b.Input("M"))),
        new("Add", "types", "takes inputs 0 and 1 of one element type; got Float32 and Int64",
            b => b.Add(b.Input("2"), b.Input("2", ElementType.Int64))),
        new("Mul", "bool", "got Bool", b => b.Mul(b.Input("2", ElementType.Bool), b.Input("2", ElementType.Bool))),
        new("Sub", "one input", "takes 2 inputs; got 1", b => b.Append("Sub", [b.Input("2")]).Outputs[0]),
        new("Div", "three inputs", "takes 2 inputs; got 3", b => b.Append("Div", [b.Input("2"), b.Input("2"), b.Input("2")]).Outputs[0]),
        new("Greater", "types", "got Float32 and Int64", b => b.Greater(b.Input("2"), b.Input("2", ElementType.Int64))),
        new("Where", "condition", "takes Bool as input 0; got Float32", b => b.Where(b.Input("2"), b.Input("2"), b.Input("2"))),
        new("Where", "branches", "inputs 1 and 2 of one element type",
            b => b.Where(b.Input("2", ElementType.Bool), b.Input("2"), b.Input("2", ElementType.Int64))),
        new("Cast", "no such type", "has attribute to = 99, which is no element type", b => b.Cast(b.Input("2"), (ElementType)99)),
        new("Sqrt", "integers", "takes a floating-point tensor as input 0; got Int64", b => b.Sqrt(b.Input("2", ElementType.Int64))),
        new("LogSoftmax", "axis", "Axis 2 is outside of shape [2,3] (rank 2)", b => b.LogSoftmax(b.Input("2,3"), 2)),
        new("OneHot", "reals", "takes Int64 as input 0; got Float32", b => b.OneHot(b.Input("2"), 3)),
        new("OneHot", "depth", "takes a depth of at least 1", b => b.OneHot(b.Input("2", ElementType.Int64), 0)),
        new("ReduceSum", "axis", "Axis -3 is outside of shape [2,3]", b => b.ReduceSum(b.Input("2,3"), true, -3)),
        new("ReduceSum", "no axes", "needs at least one axis", b => b.ReduceSum(b.Input("2,3"), true)),
        new("ReduceMean", "an axis twice", "Axis -1 of shape [2,3] is named twice", b => b.ReduceMean(b.Input("2,3"), true, 1, -1)),
        new("ReduceMean", "axes that are no constant", "needs a constant as input 1",
            b => b.Append("ReduceMean", [b.Input("2,3"), b.Input("1", ElementType.Int64)]).Outputs[0]),
    ];

    private static IEnumerable<ShapeRow> Movement() =>
    [
        new("Reshape", "elements", "cannot divide the 6 elements of [2,3] by 4", b => b.Reshape(b.Input("2,3"), Shapes.Parse("4"))),
        new("Reshape", "fewer elements", "does not hold the elements of [2,3]", b => b.Reshape(b.Input("2,3"), Shapes.Parse("3"))),
        new("Reshape", "a symbol that moves", "Reshape keeps symbolic dimensions at their axis; [N,3] to [3,N] moves N",
            b => b.Reshape(b.Input("N,3"), Shapes.Parse("3,N"))),
        new("Reshape", "a symbol that the input lacks", "moves M", b => b.Reshape(b.Input("2,3"), Shapes.Parse("M,3"))),
        new("Reshape", "a symbol that vanishes", "has target [3], which does not hold the elements of [N,3]",
            b => b.Reshape(b.Input("N,3"), Shapes.Parse("3"))),
        new("Reshape", "-1 for a symbol and a size", "cannot infer a dimension that mixes N with 6",
            b => b.Append("Reshape", [b.Input("N,6"), b.Constant(Tensor.Of(-1))]).Outputs[0]),
        new("Reshape", "two -1", "one -1 and zeros inside the input's rank are allowed",
            b => b.Append("Reshape", [b.Input("2,3"), b.Constant(Tensor.Of(-1, -1))]).Outputs[0]),
        new("Transpose", "rank", "has perm [0,1], which does not permute [2,3,4]", b => b.Transpose(b.Input("2,3,4"), 0, 1)),
        new("Transpose", "an axis twice", "has perm [0,0], which does not permute [2,3]", b => b.Transpose(b.Input("2,3"), 0, 0)),
        new("Slice", "step 0", "takes steps other than 0", b => b.Slice(b.Input("4"), 0, 0, 4, 0)),
        new("Slice", "a symbolic axis", "Dimension 'N' is symbolic; a static size was expected here", b => b.Slice(b.Input("N"), 0, 0, 4)),
        new("Slice", "lengths", "as many starts, ends, axes and steps; got 1, 2, 1, 1", b => b.Slice(b.Input("4"), [0], [0], [1, 2], [1])),
        new("Slice", "an axis twice", "takes each axis once; axis -1 of shape [4]",
            b => b.Slice(b.Input("4"), [0, -1], [0, 0], [1, 2], [1, 1])),
        new("Concat", "other axes", "joins on axis 0, but input 1 differs in axis 1", b => b.Concat(0, b.Input("2,3"), b.Input("2,4"))),
        new("Concat", "ranks", "takes rank 2 as input 1; got [2]", b => b.Concat(0, b.Input("2,3"), b.Input("2"))),
        new("Concat", "types", "got Float32 and Int64", b => b.Concat(0, b.Input("2"), b.Input("2", ElementType.Int64))),
        new("Concat", "symbols on the joined axis", "Dimension 'N' is symbolic", b => b.Concat(0, b.Input("N"), b.Input("N"))),
        new("Concat", "no inputs", "Concat takes 1 to 2147483647 inputs; got 0", b => b.Concat(0)),
        new("Expand", "shape", "do not broadcast: 3 against 2", b => b.Expand(b.Input("3"), Shapes.Parse("2"))),
        new("Pad", "count", "takes 4 pads of 0 or more as input 1; got [1,1]", b => b.Pad(b.Input("2,3"), 1, 1)),
        new("Pad", "negative", "takes 2 pads of 0 or more as input 1; got [-1,0]", b => b.Pad(b.Input("3"), -1, 0)),
        new("Pad", "a symbolic axis", "Dimension 'N' is symbolic", b => b.Pad(b.Input("N"), 1, 0)),
        new("Pad", "mode", "is supported in constant mode only",
            b => b.Append("Pad", [b.Input("3"), b.Constant(Tensor.Of(1, 1))], Attributes.None.With("mode", "reflect")).Outputs[0]),
    ];

    private static IEnumerable<ShapeRow> Indexing() =>
    [
        new("Gather", "real indices", "takes Int64 as input 1; got Float32", b => b.Gather(b.Input("3"), b.Input("2"), 0)),
        new("Gather", "axis", "Axis 1 is outside of shape [3]", b => b.Gather(b.Input("3"), b.Input("2", ElementType.Int64), 1)),
        new("ScatterElements", "indices", "takes indices and updates of one shape",
            b => b.ScatterAdd(b.Input("3"), b.Input("2", ElementType.Int64), b.Input("1"), 0)),
        new("ScatterElements", "rank", "of the data's rank",
            b => b.ScatterAdd(b.Input("3,2"), b.Input("2", ElementType.Int64), b.Input("2"), 0)),
        new("ScatterElements", "reduction", "is supported with reduction add only",
            b => b.Append("ScatterElements", [b.Input("3"), b.Input("1", ElementType.Int64), b.Input("1")]).Outputs[0]),
    ];

    private static IEnumerable<ShapeRow> Windows() =>
    [
        new("MatMul", "inner sizes", "cannot contract 3 with 4", b => b.MatMul(b.Input("2,3"), b.Input("4,5"))),
        new("MatMul", "vectors", "takes operands of rank 2 or more", b => b.MatMul(b.Input("3"), b.Input("3,2"))),
        new("MatMul", "batches", "do not broadcast: 2 against 3", b => b.MatMul(b.Input("2,2,2"), b.Input("3,2,2"))),
        new("Conv", "channels", "has a kernel for 4 channels over an image of 3", b => b.Conv(b.Input("1,3,5,5"), b.Input("2,4,3,3"))),
        new("Conv", "rank", "takes rank 4 as input 0; got [3,5,5]", b => b.Conv(b.Input("3,5,5"), b.Input("2,3,3,3"))),
        new("Conv", "a window larger than the image", "A window of 7 does not fit into 4 padded to 6",
            b => b.Conv(b.Input("1,1,4,4"), b.Input("1,1,7,7"), 1, [1, 1, 1, 1])),
        new("Conv", "pads", "4 pads of 0 or more; got strides [1,1], dilations [1,1], pads [1,1]",
            b => b.Conv(b.Input("1,1,4,4"), b.Input("1,1,1,1"), 1, [1, 1])),
        new("Conv", "stride 0", "got strides [0,0]", b => b.Conv(b.Input("1,1,4,4"), b.Input("1,1,1,1"), 0)),
        new("Conv", "bias", "takes a bias of shape [2]",
            b => b.Append("Conv", [b.Input("1,1,4,4"), b.Input("2,1,1,1"), b.Input("3")]).Outputs[0]),
        new("Conv", "groups", "is supported with group 1 only",
            b => b.Append("Conv", [b.Input("1,2,4,4"), b.Input("2,1,1,1")], Attributes.None.With("group", 2)).Outputs[0]),
        new("Conv", "an attribute of another kind", "Attribute 'strides' is a Integer; expected a Integers",
            b => b.Append("Conv", [b.Input("1,1,4,4"), b.Input("1,1,1,1")], Attributes.None.With("strides", 2L)).Outputs[0]),
        new("ConvTranspose", "channels", "has a kernel for 3 channels over an image of 2",
            b => b.ConvTranspose(b.Input("1,2,4,4"), b.Input("3,2,3,3"), [1, 1], [0, 0, 0, 0], [0, 0])),
        new("ConvTranspose", "output padding", "takes an output_padding of two sizes",
            b => b.ConvTranspose(b.Input("1,2,4,4"), b.Input("2,2,3,3"), [1, 1], [0, 0, 0, 0], [1])),
        new("MaxPool", "kernel", "needs kernel_shape with two sizes", b => b.Append("MaxPool", [b.Input("1,1,4,4")]).Outputs[0]),
        new("MaxPool", "a window of padding alone", "takes pads below its kernel [2,2]; got [2,0,0,0]",
            b => b.MaxPool(b.Input("1,1,4,4"), 2, 1, [2, 0, 0, 0])),
        new("MaxPool", "rounding up", "ceil_mode 0 only", b => b.Append("MaxPool", [b.Input("1,1,4,4")],
            Attributes.None.With("kernel_shape", 2, 2).With("ceil_mode", 1L)).Outputs[0]),
        new("InstanceNormalization", "rank", "takes [N,C,D1,...] as input 0; got [2,3]",
            b => b.InstanceNormalization(b.Input("2,3"), b.Input("3"), b.Input("3"), 1)),
        new("InstanceNormalization", "scale", "takes [3] as input 1; got [2]",
            b => b.InstanceNormalization(b.Input("2,3,4"), b.Input("2"), b.Input("3"), 1)),
        new("LayerNormalization", "scale", "takes a scale of the last axis of input 0, [2,3,4]; got [3]",
            b => b.LayerNormalization(b.Input("2,3,4"), b.Input("3"), 1)),
        new("LayerNormalization", "another axis", "is supported along the last axis only",
            b => b.Append("LayerNormalization", [b.Input("2,3"), b.Input("3")], Attributes.None.With("axis", 1L)).Outputs[0]),
        new("Softplus", "no such operator", "Operator 'Softplus' is unknown. Known: Add, ",
            b => b.Append("Softplus", [b.Input("2")]).Outputs[0]),
    ];

    private static IEnumerable<ShapeRow> Fused() =>
    [
        new("GroupNormRelu", "groups", "one number that divides the channels",
            b => b.GroupNormRelu(b.Input("1,6,2,2"), b.Input("6"), b.Input("6"), 4, 1e-5f)),
        new("GroupNormRelu", "epsilon", "needs an epsilon above 0", b => b.GroupNormRelu(b.Input("1,6,2,2"), b.Input("6"), b.Input("6"), 2, 0)),
        new("GroupNormRelu", "gamma", "takes [6] as input 1; got [2]", b => b.GroupNormRelu(b.Input("1,6,2,2"), b.Input("2"), b.Input("6"), 2, 1)),
        new("GroupNormReluGradientAdd", "another shape", "takes [1,6,2,2] as input 4; got [1,6,2,1]", b => b.Append("GroupNormReluGradientAdd",
            [b.Input("1,6,2,2"), b.Input("6"), b.Input("6"), b.Input("1,6,2,2"), b.Input("1,6,2,1")], Attributes.None.With("groups", [2L]).With("epsilon", 1f)).Outputs[0]),
        new("GroupNormRelu", "float64", "takes Float32 as input 0",
            b => b.GroupNormRelu(b.Input("1,6,2,2", ElementType.Float64), b.Input("6"), b.Input("6"), 2, 1)),
        new("StandardizeWeights", "rank", "takes rank 4 as input 0; got [2,3]", b => b.StandardizeWeights(b.Input("2,3"), 1)),
        new("Convolution", "7x7", "takes an odd square kernel of 1 or 3", b => b.Convolution(b.Input("1,2,9,9"), b.Input("2,2,7,7"), 1)),
        new("Convolution", "channels", "has a kernel for 3 channels over an image of 2", b => b.Convolution(b.Input("1,2,9,9"), b.Input("2,3,3,3"), 1)),
        new("ConvInputGradient", "output padding", "takes an output_padding of two sizes below its stride",
            b => b.ConvInputGradient(b.Input("1,2,3,3"), b.Input("2,2,3,3"), 2, [2, 0])),
        new("ConvKernelGradient", "stride", "one stride of 1 or 2", b => b.ConvKernelGradient(b.Input("1,2,9,9"), b.Input("1,2,3,3"), 3, 3)),
        new("ConvKernelGradient", "positions", "takes [1,2,5,5] as input 1; got [1,2,4,5]",
            b => b.ConvKernelGradient(b.Input("1,2,9,9"), b.Input("1,2,4,5"), 3, 2)),
        new("MaxPoolGradient", "positions", "takes [1,1,2,2] as input 1; got [1,1,3,3]", b => b.Append("MaxPoolGradient",
            [b.Input("1,1,6,6"), b.Input("1,1,3,3")], Attributes.None.With("kernel_shape", 3, 3).With("strides", 2, 2)).Outputs[0]),
        new("MomentumStep", "a factor", "takes [1] as input 4; got [2]", b =>
            b.MomentumStep(b.Input("3"), b.Input("3"), b.Input("3"), (b.Input("1"), b.Input("2"), b.Input("1"))).Parameter),
    ];
}
