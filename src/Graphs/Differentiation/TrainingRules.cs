namespace BiT.Graphs.Differentiation;

/// <summary>Gradients as ONNX Runtime Training takes them itself: one operator of its training builds for each operator of the forward pass.
/// An operator without one keeps its rule of <see cref="GradientRules"/>.</summary>
/// <remarks>Source of inputs and outputs: onnxruntime 1.19.2, orttraining/core/graph/gradient_builder.cc.</remarks>
internal static class TrainingRules
{
    private static readonly Dictionary<string, Func<GradientContext, Value?[]>> Rules = new(StringComparer.Ordinal)
    {
        ["Conv"] = Conv,
        ["Relu"] = c => c.Inputs(() => c.Builder.Append("ReluGrad", [c.Gradient, c.Output()]).Outputs[0]),
        ["MaxPool"] = c => c.Inputs(() => c.Builder.Append("MaxPoolGrad", [c.Gradient, c.Output(1)]).Outputs[0]),
        ["LayerNormalization"] = LayerNormalization,
        ["SoftmaxCrossEntropyLoss"] = SoftmaxCrossEntropyLoss,
    };

    /// <summary>The rule of an operator; null if it has none here.</summary>
    public static Func<GradientContext, Value?[]>? Find(string @operator) => Rules.GetValueOrDefault(@operator);

    private static Value?[] Conv(GradientContext c)
    {
        var gradients = c.Builder.Append("ConvGrad", [c.Gradient, c.Input(0), c.Input(1)], c.Attributes).Outputs;
        return c.Inputs(() => gradients[0], () => gradients[1]);
    }

    private static Value?[] LayerNormalization(GradientContext c)
    {
        var gradients = c.Builder.Append("LayerNormalizationGrad", [c.Gradient, c.Input(0), c.Input(1), c.Output(1), c.Output(2)],
            Attributes.None.With("axis", c.Attributes.Integer("axis", -1))).Outputs;
        return c.Inputs(() => gradients[0], () => gradients[1]);
    }

    private static Value?[] SoftmaxCrossEntropyLoss(GradientContext c) => c.Inputs(
        () => c.Builder.Append("SoftmaxCrossEntropyLossGrad", [c.Gradient, c.Output(1), c.Input(1)], c.Attributes).Outputs[0], null);
}
