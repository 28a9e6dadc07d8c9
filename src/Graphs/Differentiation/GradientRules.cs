namespace BiT.Graphs.Differentiation;

/// <summary>The table of gradient rules: for each operator, how the gradients of its inputs follow from those of its outputs.</summary>
public static class GradientRules
{
    private static readonly Dictionary<string, Func<GradientContext, Value?[]>> Rules = new(StringComparer.Ordinal)
    {
        ["Add"] = ElementwiseRules.Add,
        ["Sub"] = ElementwiseRules.Sub,
        ["Mul"] = ElementwiseRules.Mul,
        ["Div"] = ElementwiseRules.Div,
        ["Where"] = ElementwiseRules.Where,
        ["Cast"] = ElementwiseRules.Cast,
        ["Neg"] = ElementwiseRules.Neg,
        ["Sqrt"] = ElementwiseRules.Sqrt,
        ["Reciprocal"] = ElementwiseRules.Reciprocal,
        ["Exp"] = ElementwiseRules.Exp,
        ["Log"] = ElementwiseRules.Log,
        ["Relu"] = ElementwiseRules.Relu,
        ["Identity"] = ElementwiseRules.Identity,
        ["LogSoftmax"] = ElementwiseRules.LogSoftmax,
        ["ReduceSum"] = ReductionRules.ReduceSum,
        ["ReduceMean"] = ReductionRules.ReduceMean,
        ["Reshape"] = MovementRules.Reshape,
        ["Transpose"] = MovementRules.Transpose,
        ["Slice"] = MovementRules.Slice,
        ["Concat"] = MovementRules.Concat,
        ["Expand"] = MovementRules.Expand,
        ["Pad"] = MovementRules.Pad,
        ["Gather"] = MovementRules.Gather,
        ["ScatterElements"] = MovementRules.ScatterElements,
        ["MatMul"] = ProductRules.MatMul,
        ["Conv"] = ConvolutionRules.Conv,
        ["MaxPool"] = PoolingRules.MaxPool,
        ["GroupNormRelu"] = FusedRules.GroupNormRelu,
        ["StandardizeWeights"] = FusedRules.StandardizeWeights,
        ["Convolution"] = ConvolutionRules.Conv,
        ["TurnKernel"] = FusedRules.TurnKernel,
    };

    /// <summary>Operators that deliberately have no rule, with the reason.</summary>
    public static IReadOnlyDictionary<string, string> NotDifferentiable { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Equal"] = "its output is boolean",
        ["Greater"] = "its output is boolean",
        ["Not"] = "its output is boolean",
        ["Sign"] = "it is piecewise constant",
        ["OneHot"] = "it is piecewise constant in its indices",
        ["Shape"] = "sizes are no function of the elements",
        ["GroupNormReluGradient"] = "it appears in gradients only, and second derivatives are not needed",
        ["GroupNormReluGradientAdd"] = "it appears in gradients only, and second derivatives are not needed",
        ["StandardizeWeightsGradient"] = "it appears in gradients only, and second derivatives are not needed",
        ["ConvInputGradient"] = "it appears in gradients only, and second derivatives are not needed",
        ["ConvKernelGradient"] = "it appears in gradients only, and second derivatives are not needed",
        ["MaxPoolGradient"] = "it appears in gradients only, and second derivatives are not needed",
        ["MomentumStep"] = "it appears in the optimiser only",
        ["ConvTranspose"] = "it appears in gradients only, and second derivatives are not needed",
        ["InstanceNormalization"] = "it appears in inference only; training writes normalisation as plain arithmetic",
        ["LayerNormalization"] = "only the training builds of ONNX Runtime have its gradient",
    };

    /// <summary>Operators with a rule, in ordinal order.</summary>
    public static IEnumerable<string> Operators => Rules.Keys.Order(StringComparer.Ordinal);

    /// <exception cref="GraphException">The operator has no rule; the message says why.</exception>
    internal static Value?[] Apply(GradientContext context)
    {
        var @operator = context.Node.Operator;
        if (context.Builder.UsesTrainingGradients && TrainingRules.Find(@operator) is { } native)
            return native(context);
        if (Rules.TryGetValue(@operator, out var rule))
            return rule(context);
        throw new GraphException(NotDifferentiable.TryGetValue(@operator, out var reason)
            ? $"{context.Node} lies between a target and the loss, but {@operator} is not differentiable: {reason}."
            : $"{context.Node} lies between a target and the loss, but {@operator} has no gradient rule. See docs/recipes/add-an-operator.md.");
    }
}
