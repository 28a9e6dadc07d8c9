using BiT.Graphs;
using BiT.Training.Weights;

namespace BiT.Training.Networks;

/// <summary>Builds infer.onnx: weight standardisation folded into the kernels, preprocessing inside, any number of images.</summary>
public static class InferenceGraph
{
    // Source: bit_pytorch/train.py mktrainval, Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)): (x - 127.5) / 127.5 maps bytes to [-1,1].
    private const float PixelMidpoint = 127.5f;

    /// <summary>Input: images uint8 [N,S,S,3], RGB. Outputs: pre_logits float32 [N,F] and, if the weights have a head, logits float32
    /// [N,K].</summary>
    /// <param name="weights">With or without a head; not to change while the graph is used, which shares the arrays of the head.</param>
    /// <param name="imageSize">Side of the square input, in pixels.</param>
    /// <param name="metadata">metadata_props of the file.</param>
    public static Graph Build(WeightSet weights, int imageSize, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var b = new GraphBuilder("inference");
        var pixels = b.Input("images", ElementType.UInt8, new Shape(Dimension.Named("N"), imageSize, imageSize, 3));
        var planes = b.Transpose(b.Cast(pixels, ElementType.Float32), 0, 3, 1, 2);
        var midpoint = b.ScalarFor(planes, PixelMidpoint);
        var images = b.Div(b.Sub(planes, midpoint), midpoint);
        var preLogits = new BitForward(b, weights.Network, Forms(b, weights)).PreLogits(images);
        b.Output("pre_logits", preLogits);
        if (weights.ClassCount > 0)
        {
            b.Output("logits", Classifier.Logits(b, preLogits,
                Constant(b, weights, NetworkParameters.HeadKernelName), Constant(b, weights, NetworkParameters.HeadBiasName)));
        }
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
            b.Metadata(key, value);
        return b.Build();
    }

    private static LayerForms Forms(GraphBuilder b, WeightSet weights) => new(
        name => b.Constant(Tensor.Over(weights.Parameter(name).Shape, Standardization.Apply(weights[name], weights.Parameter(name).Sizes[0])), name),
        (x, prefix) => b.GroupNormRelu(x, Constant(b, weights, $"{prefix}/group_norm/gamma"), Constant(b, weights, $"{prefix}/group_norm/beta"),
            BitNetwork.GroupCount, Normalization.GroupNormEpsilon));

    private static Value Constant(GraphBuilder b, WeightSet weights, string name) =>
        b.Constant(Tensor.Over(weights.Parameter(name).Shape, weights[name]), name);
}
