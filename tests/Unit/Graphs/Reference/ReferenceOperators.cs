using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>The outputs of a node from its inputs.</summary>
internal delegate ReferenceTensor[] ReferenceFunction(Node node, ReferenceTensor[] inputs);

/// <summary>For each operator a naive function written from the ONNX specification at opset 18, not from the product's code.</summary>
internal static class ReferenceOperators
{
    private static readonly Dictionary<string, ReferenceFunction> Functions = new(StringComparer.Ordinal)
    {
        ["Add"] = ElementwiseReference.Add,
        ["Sub"] = ElementwiseReference.Sub,
        ["Mul"] = ElementwiseReference.Mul,
        ["Div"] = ElementwiseReference.Div,
        ["Equal"] = ElementwiseReference.Equal,
        ["Greater"] = ElementwiseReference.Greater,
        ["Where"] = ElementwiseReference.Where,
        ["Cast"] = ElementwiseReference.Cast,
        ["Neg"] = ElementwiseReference.Unary(value => -value),
        ["Sqrt"] = ElementwiseReference.Unary(Math.Sqrt),
        ["Reciprocal"] = ElementwiseReference.Unary(value => 1 / value),
        ["Exp"] = ElementwiseReference.Unary(Math.Exp),
        ["Log"] = ElementwiseReference.Unary(Math.Log),
        ["Relu"] = ElementwiseReference.Unary(value => Math.Max(value, 0)),
        ["Sign"] = ElementwiseReference.Unary(value => double.IsNaN(value) ? value : Math.Sign(value)),
        ["Not"] = ElementwiseReference.Unary(value => value == 0 ? 1 : 0),
        ["Identity"] = ElementwiseReference.Unary(value => value),
        ["OneHot"] = ElementwiseReference.OneHot,
        ["LogSoftmax"] = ReductionReference.LogSoftmax,
        ["ReduceSum"] = ReductionReference.ReduceSum,
        ["ReduceMean"] = ReductionReference.ReduceMean,
        ["Reshape"] = MovementReference.Reshape,
        ["Transpose"] = MovementReference.Transpose,
        ["Slice"] = MovementReference.Slice,
        ["Concat"] = MovementReference.Concat,
        ["Expand"] = MovementReference.Expand,
        ["Pad"] = MovementReference.Pad,
        ["Gather"] = IndexingReference.Gather,
        ["ScatterElements"] = IndexingReference.ScatterElements,
        ["MatMul"] = ProductReference.MatMul,
        ["Conv"] = ProductReference.Conv,
        ["ConvTranspose"] = ProductReference.ConvTranspose,
        ["MaxPool"] = PoolingReference.MaxPool,
        ["InstanceNormalization"] = PoolingReference.InstanceNormalization,
        ["LayerNormalization"] = PoolingReference.LayerNormalization,
        ["Shape"] = FusedReference.ShapeOf,
        ["GroupNormRelu"] = FusedReference.GroupNormRelu,
        ["GroupNormReluGradient"] = FusedReference.GroupNormReluGradient,
        ["GroupNormReluGradientAdd"] = FusedReference.GroupNormReluGradientAdd,
        ["StandardizeWeights"] = FusedReference.StandardizeWeights,
        ["StandardizeWeightsGradient"] = FusedReference.StandardizeWeightsGradient,
        ["Convolution"] = ProductReference.Conv,
        ["ConvInputGradient"] = ProductReference.ConvTranspose,
        ["ConvKernelGradient"] = FusedReference.ConvKernelGradient,
        ["TurnKernel"] = FusedReference.TurnKernel,
        ["MaxPoolGradient"] = FusedReference.MaxPoolGradient,
        ["MomentumStep"] = FusedReference.MomentumStep,
    };

    public static IEnumerable<string> Names => Functions.Keys;

    public static ReferenceFunction Find(string @operator) => Functions.TryGetValue(@operator, out var function)
        ? function
        : throw new InvalidOperationException(
            $"The reference evaluator has no function for {@operator}; add one to {nameof(ReferenceOperators)}.");
}
