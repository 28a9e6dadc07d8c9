namespace BiT.Graphs.Differentiation;

/// <summary>Gradients of fused operators: fused operators again.</summary>
internal static class FusedRules
{
    public static Value?[] GroupNormRelu(GradientContext c)
    {
        var gradients = c.Builder.Append("GroupNormReluGradient", [.. c.Node.Inputs, c.Gradient], c.Attributes).Outputs;
        return c.Inputs(() => gradients[0], () => gradients[1], () => gradients[2]);
    }

    public static Value?[] StandardizeWeights(GradientContext c) => c.Inputs(
        () => c.Builder.Append("StandardizeWeightsGradient", [c.Input(0), c.Gradient], c.Attributes).Outputs[0]);

    // The turn is its own inverse.
    public static Value?[] TurnKernel(GradientContext c) => c.Inputs(() => c.Builder.TurnKernel(c.Gradient));
}
