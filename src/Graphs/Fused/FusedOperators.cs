
namespace BiT.Graphs.Fused;

/// <summary>Operators of the project's own domain. Each one has a body of operators of ONNX's default domain, which is written into the file as
/// a function of the model: a runtime that has a kernel under the operator's name uses it, every other one uses the body.</summary>
/// <remarks>See docs/decisions/0008.</remarks>
public static class FusedOperators
{
    /// <summary>Operator domain of the functions, and of BiT.Core's kernels.</summary>
    public const string Domain = "bit";

    /// <summary>Version of the domain in opset imports.</summary>
    public const int Version = 1;

    // ONNX separates nothing inside of names; ours ends the operator's name here.
    private const char GeometrySeparator = '_';

    /// <summary>Appends the body for inputs of these types; returns the outputs.</summary>
    internal delegate IReadOnlyList<Value> Body(GraphBuilder builder, IReadOnlyList<Value> inputs, Attributes attributes);

    private static readonly Dictionary<string, Body> Bodies = new(StringComparer.Ordinal)
    {
        ["GroupNormRelu"] = NormalizationBodies.GroupNormRelu,
        ["GroupNormReluGradient"] = NormalizationBodies.GroupNormReluGradient,
        ["GroupNormReluGradientAdd"] = NormalizationBodies.GroupNormReluGradientAdd,
        ["StandardizeWeights"] = NormalizationBodies.StandardizeWeights,
        ["StandardizeWeightsGradient"] = NormalizationBodies.StandardizeWeightsGradient,
        ["MomentumStep"] = TrainingBodies.MomentumStep,
        ["Convolution"] = ConvolutionBodies.Convolution,
        ["ConvInputGradient"] = ConvolutionBodies.InputGradient,
        ["ConvKernelGradient"] = ConvolutionBodies.KernelGradient,
        ["TurnKernel"] = ConvolutionBodies.TurnKernel,
        ["MaxPoolGradient"] = TrainingBodies.MaxPoolGradient,
    };

    /// <summary>Names of all fused operators.</summary>
    public static IEnumerable<string> Names => Bodies.Keys.Order(StringComparer.Ordinal);

    /// <summary>Whether an operator is one of this domain.</summary>
    public static bool Contains(string @operator) => Bodies.ContainsKey(@operator);

    /// <summary>Name of a node's function in a file: the operator's, and of convolutions the window, because it is part of the body.
    /// <c>ConvKernelGradient_3x3_2</c> has a 3x3 kernel and stride 2; <c>ConvInputGradient_3x3_2_1x0</c> has a row behind its last window.</summary>
    internal static string FunctionName(string @operator, Attributes attributes)
    {
        if (!@operator.StartsWith("Conv", StringComparison.Ordinal))
            return @operator;
        string[] parts = [@operator, string.Join("x", attributes.Integers("kernel_shape")), $"{attributes.Integers("strides")[0]}"];
        return string.Join(GeometrySeparator, @operator == "ConvInputGradient" ? [.. parts, string.Join("x", attributes.Integers("output_padding"))] : parts);
    }

    /// <summary>The operator of a function's name.</summary>
    internal static string OperatorOf(string functionName) => functionName.Split(GeometrySeparator)[0];

    /// <summary>The body of a node's function as a program of its own. It holds no sizes: nodes of equal attributes have equal bodies.</summary>
    internal static Graph BodyOf(Node node)
    {
        var builder = new GraphBuilder(FunctionName(node.Operator, node.Attributes));
        var inputs = node.Inputs.Select((input, index) => builder.Input($"x{index}", input.Type, input.Shape)).ToArray();
        var outputs = Bodies[node.Operator](builder, inputs, node.Attributes);
        for (var index = 0; index < outputs.Count; index++)
            builder.Output($"y{index}", outputs[index]);
        var body = builder.Build();
        var types = body.Outputs.Select(output => new TensorType(output.Value.Type, output.Value.Shape));
        return types.SequenceEqual(node.Outputs.Select(output => new TensorType(output.Type, output.Shape)))
            ? body
            : throw new GraphException($"The body of {node} gives other types than the operator declares.");
    }
}
