namespace BiT.Graphs.Fused;

/// <summary>The optimiser's step and the gradient of pooling in plain operators, without sizes.</summary>
internal static class TrainingBodies
{
    // m' = momentum * m + (g + decay * p); p' = p - rate * m'.
    public static IReadOnlyList<Value> MomentumStep(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes)
    {
        var (p, g, m, rate, momentum, decay) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], inputs[5]);
        var next = b.Add(b.Mul(m, momentum), b.Add(g, b.Mul(p, decay)));
        return [b.Sub(p, b.Mul(next, rate)), next];
    }

    // MaxPool's second output names, for every pooled value, its source in the flattened input; the first of equal elements in row-major
    // order, as PyTorch's. The gradient is added there.
    public static IReadOnlyList<Value> MaxPoolGradient(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes)
    {
        var flat = b.Constant(Tensor.Of(-1));
        var pooling = b.Append("MaxPool", [inputs[0]], attributes);
        var zeros = b.ExpandLike(b.Scalar(0), b.Append("Reshape", [inputs[0], flat]).Outputs[0]);
        var sources = b.Append("Reshape", [pooling.Outputs[1], flat]).Outputs[0];
        return [b.ReshapeLike(b.ScatterAdd(zeros, sources, b.Append("Reshape", [inputs[1], flat]).Outputs[0], 0), inputs[0])];
    }
}
