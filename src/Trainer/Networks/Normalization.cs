using BiT.Graphs;

namespace BiT.Training.Networks;

/// <summary>Group normalisation and weight standardisation as plain arithmetic, which can be differentiated.</summary>
/// <remarks>Two passes: the mean first, then the variance of what is left. ONNX Runtime's LayerNormalization takes the variance as the mean
/// square less the squared mean, which loses everything when the mean is large and gives NaN when the variance is 0. See
/// docs/decisions/0004.</remarks>
internal static class Normalization
{
    /// <summary>Source: bit_pytorch/models.py, nn.GroupNorm's default.</summary>
    public const float GroupNormEpsilon = 1e-5f;

    /// <summary>Source: bit_pytorch/models.py StdConv2d. timm and HF use 1e-8.</summary>
    public const float StandardizationEpsilon = 1e-10f;

    /// <summary>relu(GroupNorm(x)) with scale and shift per channel: fused if the program uses fused operators.</summary>
    /// <param name="b">The program.</param>
    /// <param name="image">[N,C,H,W], static unless fused.</param>
    /// <param name="gamma">[C].</param>
    /// <param name="beta">[C].</param>
    public static Value GroupNormRelu(GraphBuilder b, Value image, Value gamma, Value beta) => b.UsesFusedOperators
        ? b.GroupNormRelu(image, gamma, beta, BitNetwork.GroupCount, GroupNormEpsilon)
        : b.Relu(GroupNorm(b, image, gamma, beta));

    private static Value GroupNorm(GraphBuilder b, Value image, Value gamma, Value beta)
    {
        var sizes = image.Shape.Sizes;
        var (batch, channels) = (sizes[0], sizes[1]);
        var perGroup = channels / BitNetwork.GroupCount;
        var grouped = b.Reshape(image, Shape.Of(batch, BitNetwork.GroupCount, perGroup * sizes[2] * sizes[3]));
        if (b.UsesTrainingGradients)
        {
            var normalized = b.Reshape(b.LayerNormalization(grouped, GroupNormEpsilon), image.Shape);
            return b.Add(b.Mul(normalized, b.Reshape(gamma, Shape.Of(channels, 1, 1))), b.Reshape(beta, Shape.Of(channels, 1, 1)));
        }
        var (centered, reciprocalDeviation) = Center(b, grouped, GroupNormEpsilon);
        // The scale of group and channel is one factor per (image, channel): one pass over the activations instead of two.
        var scale = b.Mul(
            b.Reshape(reciprocalDeviation, Shape.Of(batch, BitNetwork.GroupCount, 1)),
            b.Reshape(gamma, Shape.Of(1, BitNetwork.GroupCount, perGroup)));
        var scaled = b.Mul(b.Reshape(centered, image.Shape), b.Reshape(scale, Shape.Of(batch, channels, 1, 1)));
        return b.Add(scaled, b.Reshape(beta, Shape.Of(channels, 1, 1)));
    }

    /// <summary>Standardises each output filter to zero mean and unit variance.</summary>
    /// <param name="b">The program.</param>
    /// <param name="kernel">Convolution kernel, [O,I,kh,kw], float32.</param>
    /// <returns>A value of the same shape; each filter has mean 0 and variance 1 over (I,kh,kw).</returns>
    /// <remarks>(w - mean) / sqrt(variance + epsilon), biased variance. Source: BiT, bit_pytorch/models.py StdConv2d.
    /// In double precision: its gradient is a small difference of large numbers, because the images that it meets are positive after ReLU.</remarks>
    public static Value Standardize(GraphBuilder b, Value kernel)
    {
        if (b.UsesFusedOperators)
            return b.StandardizeWeights(kernel, StandardizationEpsilon);
        var filters = b.Reshape(kernel, Shape.Of(kernel.Shape[0].Size, kernel.Shape.ElementCount / kernel.Shape[0].Size));
        var (centered, reciprocalDeviation) = Center(b, b.Cast(filters, ElementType.Float64), StandardizationEpsilon);
        return b.Reshape(b.Cast(b.Mul(centered, reciprocalDeviation), ElementType.Float32), kernel.Shape);
    }

    private static (Value Centered, Value ReciprocalDeviation) Center(GraphBuilder b, Value rows, float epsilon)
    {
        var lastAxis = rows.Shape.Rank - 1;
        var centered = b.Sub(rows, b.ReduceMean(rows, keepDimensions: true, lastAxis));
        var variance = b.ReduceMean(b.Mul(centered, centered), keepDimensions: true, lastAxis);
        return (centered, b.Reciprocal(b.Sqrt(b.Add(variance, b.ScalarFor(variance, epsilon)))));
    }
}
