namespace BiT.Graphs;

/// <summary>One method per fused operator of the project's own domain, float32 only. Each is written with a body of plain operators.</summary>
public sealed partial class GraphBuilder
{
    // Positions from which ONNX Runtime's own convolution, image by image, fills its vectors: 16 lanes.
    private const int SmallMap = 16;

    // Channels from which tiles of 3x3 kernels win more than they cost, and positions of all images from which they are worth the transformed kernel.
    private const int FewestTiledChannels = 16;
    private const int FewestTiledPositions = 256;

    /// <summary>Whether <see cref="Convolution"/>, and its gradient by the image, are faster than ONNX Runtime's convolution: on small maps, and for 3x3
    /// kernels of stride 1.</summary>
    /// <param name="kernel">[O,I,k,k].</param>
    /// <param name="stride">1 or 2.</param>
    /// <param name="images">Images of a micro-batch; null if their number is not known, or must not decide.</param>
    /// <param name="height">Rows of the result.</param>
    /// <param name="width">Columns of the result.</param>
    public static bool PrefersConvolution(Shape kernel, long stride, long? images, long height, long width)
    {
        var map = height * width;
        var isTiled = stride == 1 && kernel[2].Size == 3 && images * map >= FewestTiledPositions
            && Math.Min(kernel[0].Size, kernel[1].Size) >= FewestTiledChannels;
        return kernel[2].Size <= Operators.FusedInference.LargestBatchedKernel && (map < SmallMap || isTiled);
    }

    /// <summary>relu(GroupNorm(x)).</summary>
    /// <param name="image">[N,C,H,W].</param>
    /// <param name="gamma">Scale, [C].</param>
    /// <param name="beta">Shift, [C].</param>
    /// <param name="groups">Groups of neighbouring channels; divides C.</param>
    /// <param name="epsilon">Added to the variance.</param>
    public Value GroupNormRelu(Value image, Value gamma, Value beta, long groups, float epsilon) =>
        Append("GroupNormRelu", [image, gamma, beta], Attributes.None.With("groups", [groups]).With("epsilon", epsilon)).Outputs[0];

    /// <summary>Each filter of [O,I,kh,kw] with mean 0 and variance 1, computed in double precision.</summary>
    public Value StandardizeWeights(Value kernel, float epsilon) =>
        Append("StandardizeWeights", [kernel], Attributes.None.With("epsilon", epsilon)).Outputs[0];

    /// <summary>[O,I,kh,kw] to [I,O,kh,kw], upside down and mirrored: the kernel that undoes a convolution of stride 1.</summary>
    public Value TurnKernel(Value kernel) => One("TurnKernel", kernel);

    /// <summary>A convolution whose kernel takes the positions of all images together, 3x3 ones by Winograd's tiles: see
    /// <see cref="PrefersConvolution"/>.</summary>
    /// <param name="image">[N,I,H,W]; padded by half the kernel.</param>
    /// <param name="kernel">[O,I,k,k], k 1 or 3.</param>
    /// <param name="stride">1 or 2.</param>
    public Value Convolution(Value image, Value kernel, long stride) => Append("Convolution", [image, kernel], HalfPadded(kernel.Shape[2].Size, stride)).Outputs[0];

    /// <summary>The gradient of a convolution by its image, [N,I,H,W].</summary>
    /// <param name="gradient">Gradient of the result, [N,O,H',W'].</param>
    /// <param name="kernel">[O,I,k,k], k 1 or 3; the image was padded by half of it.</param>
    /// <param name="stride">1 or 2.</param>
    /// <param name="outputPadding">Rows and columns of the image behind the last window, below the stride.</param>
    public Value ConvInputGradient(Value gradient, Value kernel, long stride, long[] outputPadding) => Append("ConvInputGradient", [gradient, kernel],
        HalfPadded(kernel.Shape[2].Size, stride).With("output_padding", outputPadding)).Outputs[0];

    /// <summary>The gradient of a convolution by its kernel, [O,I,k,k].</summary>
    /// <param name="image">What was convolved, [N,I,H,W], padded by half the kernel.</param>
    /// <param name="gradient">Gradient of the result, [N,O,H',W'].</param>
    /// <param name="kernel">Side of the kernel: 1, 3 or 7.</param>
    /// <param name="stride">1 or 2.</param>
    public Value ConvKernelGradient(Value image, Value gradient, long kernel, long stride) =>
        Append("ConvKernelGradient", [image, gradient], HalfPadded(kernel, stride)).Outputs[0];

    /// <summary>A step of SGD with momentum: m' = momentum * m + (g + decay * p); p' = p - rate * m'.</summary>
    /// <param name="parameter">p, of any shape; gradient and momentum have the same.</param>
    /// <param name="gradient">g.</param>
    /// <param name="velocity">m.</param>
    /// <param name="factors">Learning rate, momentum and weight decay, each [1].</param>
    /// <returns>p' and m'.</returns>
    public (Value Parameter, Value Velocity) MomentumStep(
        Value parameter, Value gradient, Value velocity, (Value Rate, Value Momentum, Value Decay) factors)
    {
        var outputs = Append("MomentumStep", [parameter, gradient, velocity, factors.Rate, factors.Momentum, factors.Decay]).Outputs;
        return (outputs[0], outputs[1]);
    }

    private static Attributes HalfPadded(long kernel, long stride) => Attributes.None.With("kernel_shape", kernel, kernel)
        .With("strides", stride, stride).With("pads", kernel / 2, kernel / 2, kernel / 2, kernel / 2);
}
