namespace BiT.Graphs.Operators;

/// <summary>Operators of ONNX Runtime's training builds, and the loss of ONNX whose gradient those have: for programs that are written for
/// ONNX Runtime Training. No other runtime runs them, so they are neither read back nor fused.</summary>
/// <remarks>Source: onnxruntime 1.19.2, orttraining/core/graph/training_op_defs.cc; onnx/onnx/docs/Operators.md at opset 18.</remarks>
internal static class TrainingOperators
{
    /// <summary>Domain of most of them.</summary>
    public const string Domain = "com.microsoft";

    /// <summary>Version of the domain in opset imports.</summary>
    public const int DomainVersion = 1;

    private sealed record Entry(string Domain, Func<InferenceContext, TensorType[]> Infer);

    private static readonly Dictionary<string, Entry> Table = new(StringComparer.Ordinal)
    {
        ["LayerNormalizationGrad"] = new(Domain, LayerNormalizationGrad),
        ["SoftmaxCrossEntropyLoss"] = new("", SoftmaxCrossEntropyLoss),
        ["SoftmaxCrossEntropyLossGrad"] = new(Domain, SoftmaxCrossEntropyLossGrad),
        ["ReluGrad"] = new(Domain, ReluGrad),
        ["ConvGrad"] = new(Domain, ConvGrad),
        // Registered in ONNX's own domain since version 9.
        ["MaxPoolGrad"] = new("", MaxPoolGrad),
        ["InPlaceAccumulatorV2"] = new(Domain, InPlaceAccumulator),
        ["AdamWOptimizer"] = new(Domain, context => Optimizer(context, 6)),
        ["SGDOptimizerV2"] = new(Domain, context => Optimizer(context, 3)),
    };

    public static IEnumerable<string> Names => Table.Keys.Order(StringComparer.Ordinal);

    public static bool Contains(string @operator) => Table.ContainsKey(@operator);

    /// <summary>Operator domain of one of them.</summary>
    public static string DomainOf(string @operator) => Table[@operator].Domain;

    /// <summary>Whether outputs that nobody uses may be left without a name, which saves computing them.</summary>
    public static bool HasOptionalOutputs(string @operator) => @operator != "LayerNormalizationGrad";

    /// <summary>Whether inputs may be sequences.</summary>
    public static bool TakesSequences(string @operator) => @operator is "AdamWOptimizer" or "SGDOptimizerV2";

    /// <summary>How an operator infers its outputs; null if it is none of these.</summary>
    public static Func<InferenceContext, TensorType[]>? Find(string @operator) => Table.GetValueOrDefault(@operator)?.Infer;

    // dY, X, scale, mean, 1 / standard deviation to dX, dscale, dbias.
    private static TensorType[] LayerNormalizationGrad(InferenceContext context)
    {
        context.RequireInputs(5, 5);
        RequireFloats(context, 5);
        RequireShape(context, 0, context.Shape(1));
        return [.. new[] { 1, 2, 2 }.Select(input => new TensorType(ElementType.Float32, context.Shape(input)))];
    }

    // Scores [N,K], labels [N] to the mean loss and log_prob [N,K].
    private static TensorType[] SoftmaxCrossEntropyLoss(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireType(0, ElementType.Float32);
        context.RequireType(1, ElementType.Int64);
        context.RequireRank(0, 2);
        RequireShape(context, 1, new Shape(context.Shape(0)[0]));
        if (context.Attributes.Text("reduction", "mean") != "mean")
            throw context.Error("is supported with reduction mean only");
        return [new(ElementType.Float32, Shape.Scalar), new(ElementType.Float32, context.Shape(0))];
    }

    // dY, log_prob, labels to d scores.
    private static TensorType[] SoftmaxCrossEntropyLossGrad(InferenceContext context)
    {
        context.RequireInputs(3, 3);
        RequireShape(context, 0, Shape.Scalar);
        RequireShape(context, 2, new Shape(context.Shape(1)[0]));
        return [new(ElementType.Float32, context.Shape(1))];
    }

    // dY, Y to dX.
    private static TensorType[] ReluGrad(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        RequireFloats(context, 2);
        RequireShape(context, 1, context.Shape(0));
        return [new(ElementType.Float32, context.Shape(0))];
    }

    // dY, X, W to dX, dW.
    private static TensorType[] ConvGrad(InferenceContext context)
    {
        context.RequireInputs(3, 3);
        RequireFloats(context, 3);
        RequireShape(context, 0, OperatorSet.Infer("Conv", [context.Input(1), context.Input(2)], context.Attributes)[0].Shape);
        return [new(ElementType.Float32, context.Shape(1)), new(ElementType.Float32, context.Shape(2))];
    }

    // dY, indices to dX, whose shape the runtime takes from the declaration of the output.
    private static TensorType[] MaxPoolGrad(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireType(0, ElementType.Float32);
        context.RequireType(1, ElementType.Int64);
        RequireShape(context, 1, context.Shape(0));
        return context.Input(1).Producer is { Operator: "MaxPool" } pooling && pooling.Outputs[1] == context.Input(1)
            ? [new(ElementType.Float32, pooling.Inputs[0].Shape)]
            : throw context.Error("takes the indices of a MaxPool as input 1");
    }

    // buffer, gradient, whether to begin anew, to a flag; the buffer is changed in place.
    private static TensorType[] InPlaceAccumulator(InferenceContext context)
    {
        context.RequireInputs(3, 3);
        RequireFloats(context, 2);
        RequireShape(context, 1, context.Shape(0));
        context.RequireType(2, ElementType.Bool);
        RequireShape(context, 2, Shape.Of(1));
        return [new(ElementType.Bool, Shape.Of(1))];
    }

    // learning rate, (step,) parameters, gradients (, momenta) to a flag; parameters and momenta are changed in place.
    private static TensorType[] Optimizer(InferenceContext context, int inputs)
    {
        context.RequireInputs(inputs, inputs);
        context.RequireType(0, ElementType.Float32);
        RequireShape(context, 0, Shape.Of(1));
        var sequences = inputs == 6 ? 2 : 1;
        for (var index = 0; index < inputs; index++)
        {
            if (context.Input(index).IsSequence != index >= sequences)
                throw context.Error($"takes sequences as inputs {sequences} to {inputs - 1}, and tensors before");
        }
        if (inputs == 6)
            context.RequireType(1, ElementType.Int64);
        return [new(ElementType.Bool, Shape.Scalar)];
    }

    private static void RequireFloats(InferenceContext context, int count)
    {
        for (var index = 0; index < count; index++)
            context.RequireType(index, ElementType.Float32);
    }

    private static void RequireShape(InferenceContext context, int index, Shape expected)
    {
        if (!context.Shape(index).Equals(expected))
            throw context.Error($"takes {expected} as input {index}; got {context.Shape(index)}");
    }
}
