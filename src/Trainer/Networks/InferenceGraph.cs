using BiT.Graphs;
using BiT.Training.Weights;

namespace BiT.Training.Networks;

/// <summary>relu(GroupNorm(x)) in an inference graph.</summary>
internal delegate Value NormReluForm(GraphBuilder b, Value image, Value gamma, Value beta);

/// <summary>Builds infer.onnx: weight standardisation folded into the kernels, preprocessing inside, any number of images.</summary>
public static class InferenceGraph
{
    // Source: bit_pytorch/train.py mktrainval, Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)): (x - 127.5) / 127.5 maps bytes to [-1,1].
    private const float PixelMidpoint = 127.5f;

    /// <summary>Input: images uint8 [N,S,S,3], RGB. Outputs: pre_logits float32 [N,F] and, if the weights have a head, logits float32
    /// [N,K].</summary>
    /// <param name="weights">With or without a head; not to change while the graph is used, which shares all arrays but the folded ones.</param>
    /// <param name="imageSize">Side of the square input, in pixels.</param>
    /// <param name="metadata">metadata_props of the file.</param>
    public static Graph Build(WeightSet weights, int imageSize, IReadOnlyDictionary<string, string>? metadata = null) =>
        Build(weights.Network, weights.ClassCount, imageSize, (name, shape) => Folded(weights, name, shape), metadata);

    /// <summary>As the other, with the arrays from elsewhere.</summary>
    /// <param name="network">The network.</param>
    /// <param name="classCount">Classes of the head; 0 for none.</param>
    /// <param name="imageSize">Side of the square input, in pixels.</param>
    /// <param name="arrayOf">The array of a parameter, ready for inference, in the given shape.</param>
    /// <param name="metadata">metadata_props of the file.</param>
    /// <param name="normRelu">relu(GroupNorm(x)); null for the fused operator.</param>
    internal static Graph Build(
        BitNetwork network, int classCount, int imageSize, Func<string, Shape, Tensor> arrayOf, IReadOnlyDictionary<string, string>? metadata,
        NormReluForm? normRelu = null)
    {
        var b = new GraphBuilder("inference");
        var pixels = b.Input("images", ElementType.UInt8, new Shape(Dimension.Named("N"), imageSize, imageSize, 3));
        var planes = b.Transpose(b.Cast(pixels, ElementType.Float32), 0, 3, 1, 2);
        var midpoint = b.ScalarFor(planes, PixelMidpoint);
        var images = b.Div(b.Sub(planes, midpoint), midpoint);
        var shapes = NetworkParameters.List(network, classCount).ToDictionary(parameter => parameter.Name, parameter => parameter.Shape);
        Value Constant(string name) => b.Constant(arrayOf(name, shapes[name]));
        normRelu ??= (builder, x, gamma, beta) => builder.GroupNormRelu(x, gamma, beta, BitNetwork.GroupCount, Normalization.GroupNormEpsilon);
        var forms = new LayerForms(
            name => b.Constant(arrayOf(name, shapes[name]), name),
            (x, prefix) => normRelu(b, x, Constant($"{prefix}/group_norm/gamma"), Constant($"{prefix}/group_norm/beta")));
        var preLogits = new BitForward(b, network, forms).PreLogits(images);
        b.Output("pre_logits", preLogits);
        if (classCount > 0)
            AddHead(b, preLogits, name => arrayOf(name, shapes[name]));
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
            b.Metadata(key, value);
        return b.Build();
    }

    /// <summary>Puts a head behind a backbone's graph.</summary>
    /// <param name="backbone">A graph with the output pre_logits.</param>
    /// <param name="kernel">[K,F,1,1].</param>
    /// <param name="bias">[K].</param>
    /// <param name="metadata">metadata_props that are added.</param>
    /// <exception cref="GraphException">The graph has no pre_logits, has logits already, or the head does not fit.</exception>
    public static Graph WithHead(Graph backbone, Tensor kernel, Tensor bias, IReadOnlyDictionary<string, string> metadata)
    {
        var preLogits = backbone.Outputs.FirstOrDefault(output => output.Name == "pre_logits")?.Value
            ?? throw new GraphException($"Program '{backbone.Name}' has no output pre_logits; a head needs it.");
        var b = GraphBuilder.From(backbone);
        AddHead(b, preLogits, name => name == NetworkParameters.HeadKernelName ? kernel : bias);
        foreach (var (key, value) in metadata)
            b.Metadata(key, value);
        return b.Build();
    }

    private static void AddHead(GraphBuilder b, Value preLogits, Func<string, Tensor> arrayOf)
    {
        var kernel = b.Constant(arrayOf(NetworkParameters.HeadKernelName), NetworkParameters.HeadKernelName);
        var bias = b.Constant(arrayOf(NetworkParameters.HeadBiasName), NetworkParameters.HeadBiasName);
        b.Output("logits", Classifier.Logits(b, preLogits, kernel, bias));
    }

    /// <summary>The array of a parameter, kernels standardised.</summary>
    internal static Tensor Folded(WeightSet weights, string name, Shape shape)
    {
        var parameter = weights.Parameter(name);
        return Tensor.Over(shape, parameter.Kind == ParameterKind.Kernel ? Standardization.Apply(weights[name], parameter.Sizes[0]) : weights[name]);
    }
}
