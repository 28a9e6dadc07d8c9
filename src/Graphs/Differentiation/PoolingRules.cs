namespace BiT.Graphs.Differentiation;

/// <summary>Gradients of pooling.</summary>
internal static class PoolingRules
{
    // MaxPool's second output names, for every pooled value, its source in the flattened input; the first of equal elements in row-major
    // order, as PyTorch's. The gradient is added there.
    public static Value?[] MaxPool(GradientContext c) => c.Inputs(() =>
    {
        var b = c.Builder;
        if (b.UsesFusedOperators && c.Gradient.Type == ElementType.Float32)
            return b.Append("MaxPoolGradient", [c.Input(0), c.Gradient], c.Attributes).Outputs[0];
        var image = c.Input(0).Shape;
        var flat = Shape.Of(image.ElementCount);
        var pooled = Shape.Of(c.Output().Shape.ElementCount);
        var zeros = b.Expand(b.Scalar(0, c.Gradient.Type), flat);
        return b.Reshape(b.ScatterAdd(zeros, b.Reshape(c.Output(1), pooled), b.Reshape(c.Gradient, pooled), 0), image);
    });
}
