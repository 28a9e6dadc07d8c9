namespace BiT.Graphs.Operators;

/// <summary>The operators that programs may use, of ONNX's default domain at opset 18 and fused ones of the project's own: for each one how it
/// infers its outputs.</summary>
/// <remarks>Source: onnx/onnx/docs/Operators.md at opset 18. An operator that is not in the table does not exist for this project.</remarks>
internal static class OperatorSet
{
    /// <summary>The opset version of every written program. ORT Training 1.19 accepts up to 21.</summary>
    public const int Version = 18;

    private static readonly Dictionary<string, Func<InferenceContext, TensorType[]>> Inference = new(StringComparer.Ordinal)
    {
        ["Add"] = ElementwiseInference.Arithmetic,
        ["Sub"] = ElementwiseInference.Arithmetic,
        ["Mul"] = ElementwiseInference.Arithmetic,
        ["Div"] = ElementwiseInference.Arithmetic,
        ["Equal"] = ElementwiseInference.Comparison,
        ["Greater"] = ElementwiseInference.Comparison,
        ["Where"] = ElementwiseInference.Where,
        ["Cast"] = ElementwiseInference.Cast,
        ["Neg"] = ElementwiseInference.Unary,
        ["Sqrt"] = ElementwiseInference.Unary,
        ["Reciprocal"] = ElementwiseInference.Unary,
        ["Exp"] = ElementwiseInference.Unary,
        ["Log"] = ElementwiseInference.Unary,
        ["Relu"] = ElementwiseInference.Unary,
        ["Sign"] = ElementwiseInference.Unary,
        ["Not"] = ElementwiseInference.Not,
        ["Identity"] = ElementwiseInference.Identity,
        ["LogSoftmax"] = ElementwiseInference.LogSoftmax,
        ["OneHot"] = ElementwiseInference.OneHot,
        ["ReduceSum"] = ReductionInference.Reduce,
        ["ReduceMean"] = ReductionInference.Reduce,
        ["Reshape"] = MovementInference.Reshape,
        ["Transpose"] = MovementInference.Transpose,
        ["Slice"] = MovementInference.Slice,
        ["Concat"] = MovementInference.Concat,
        ["Expand"] = MovementInference.Expand,
        ["Pad"] = MovementInference.Pad,
        ["Gather"] = MovementInference.Gather,
        ["ScatterElements"] = MovementInference.ScatterElements,
        ["MatMul"] = ProductInference.MatMul,
        ["Conv"] = ProductInference.Conv,
        ["ConvTranspose"] = ProductInference.ConvTranspose,
        ["MaxPool"] = PoolingInference.MaxPool,
        ["InstanceNormalization"] = PoolingInference.InstanceNormalization,
        ["LayerNormalization"] = PoolingInference.LayerNormalization,
        ["Shape"] = MovementInference.ShapeOf,
        ["GroupNormRelu"] = FusedInference.GroupNormRelu,
        ["GroupNormReluGradient"] = FusedInference.GroupNormReluGradient,
        ["GroupNormReluGradientAdd"] = FusedInference.GroupNormReluGradientAdd,
        ["StandardizeWeights"] = FusedInference.StandardizeWeights,
        ["StandardizeWeightsGradient"] = FusedInference.StandardizeWeightsGradient,
        ["TurnKernel"] = FusedInference.TurnKernel,
        ["Convolution"] = FusedInference.Convolution,
        ["ConvInputGradient"] = FusedInference.ConvInputGradient,
        ["ConvKernelGradient"] = FusedInference.ConvKernelGradient,
        ["MaxPoolGradient"] = FusedInference.MaxPoolGradient,
        ["MomentumStep"] = FusedInference.MomentumStep,
    };

    public static IEnumerable<string> Names => Inference.Keys.Order(StringComparer.Ordinal);

    /// <summary>Types and shapes of the outputs of a node.</summary>
    /// <exception cref="GraphException">The operator is unknown, or its inputs or attributes do not fit.</exception>
    public static IReadOnlyList<TensorType> Infer(string @operator, IReadOnlyList<Value> inputs, Attributes attributes)
    {
        if ((Inference.GetValueOrDefault(@operator) ?? TrainingOperators.Find(@operator)) is not { } infer)
            throw new GraphException($"Operator '{@operator}' is unknown. Known: {string.Join(", ", Names)}. To add one, see docs/recipes/add-an-operator.md.");
        var context = new InferenceContext(@operator, inputs, attributes);
        if (inputs.Any(input => input.IsSequence) && !TrainingOperators.TakesSequences(@operator))
            throw context.Error("takes tensors, not sequences");
        try
        {
            return infer(context);
        }
        catch (GraphException problem) when (!problem.Message.StartsWith(@operator + " ", StringComparison.Ordinal))
        {
            throw context.Error("cannot be applied: " + problem.Message.TrimEnd('.'));
        }
    }
}
