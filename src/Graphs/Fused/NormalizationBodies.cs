namespace BiT.Graphs.Fused;

/// <summary>Group normalisation and weight standardisation, and their gradients, in plain operators.</summary>
/// <remarks>Bodies hold no sizes: 0 keeps a size, -1 takes what is left, and a shape is read from a value that has it.</remarks>
internal static class NormalizationBodies
{
    // relu((x - mean) / deviation * gamma + beta) over groups of channels. InstanceNormalization computes in two passes, so it is exact where
    // LayerNormalization cancels; see docs/decisions/0004.
    public static IReadOnlyList<Value> GroupNormRelu(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes)
    {
        var groups = Groups(attributes);
        var ones = new float[groups];
        Array.Fill(ones, 1f);
        var normalized = b.InstanceNormalization(Grouped(b, inputs[0], groups), b.Constant(Tensor.Of(Shape.Of(groups), ones)),
            b.Constant(Tensor.Of(Shape.Of(groups), new float[groups])), attributes.Real("epsilon", 0));
        return [b.Relu(Affine(b, b.ReshapeLike(normalized, inputs[0]), inputs[1], inputs[2]))];
    }

    // With g the gradient where the output is positive and x' the normalised x: dbeta = sum g, dgamma = sum g x', and over a group of
    // r = g gamma: dx = (r - mean(r) - x' mean(r x')) / deviation. The output comes again, for those who did not keep it.
    public static IReadOnlyList<Value> GroupNormReluGradient(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes)
    {
        var (x, gamma, gradient) = (inputs[0], inputs[1], inputs[3]);
        var groups = Groups(attributes);
        var (centered, reciprocalDeviation) = Center(b, Grouped(b, x, groups), attributes.Real("epsilon", 0), 2);
        var normalizedGroups = b.Mul(centered, reciprocalDeviation);
        var normalized = b.ReshapeLike(normalizedGroups, x);
        var y = b.Relu(Affine(b, normalized, gamma, inputs[2]));
        var masked = b.Mul(gradient, b.Sign(y));
        var byGroup = Grouped(b, b.Mul(masked, PerChannel(b, gamma)), groups);
        var dx = ThroughNormalization(b, byGroup, normalizedGroups, reciprocalDeviation, 2);
        return
        [
            b.ReshapeLike(dx, x),
            b.ReduceSum(b.Mul(masked, normalized), keepDimensions: false, 0, 2, 3),
            b.ReduceSum(masked, keepDimensions: false, 0, 2, 3),
            y,
        ];
    }

    // dx + other, and the other gradients as they are.
    public static IReadOnlyList<Value> GroupNormReluGradientAdd(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes)
    {
        var gradients = GroupNormReluGradient(b, inputs, attributes);
        return [b.Add(gradients[0], inputs[4]), .. gradients.Skip(1)];
    }

    public static IReadOnlyList<Value> StandardizeWeights(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes)
    {
        var (centered, reciprocalDeviation) = Center(b, Filters(b, inputs[0]), attributes.Real("epsilon", 0), 1);
        return [b.ReshapeLike(b.Cast(b.Mul(centered, reciprocalDeviation), ElementType.Float32), inputs[0])];
    }

    public static IReadOnlyList<Value> StandardizeWeightsGradient(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes)
    {
        var (centered, reciprocalDeviation) = Center(b, Filters(b, inputs[0]), attributes.Real("epsilon", 0), 1);
        var dw = ThroughNormalization(b, Filters(b, inputs[1]), b.Mul(centered, reciprocalDeviation), reciprocalDeviation, 1);
        return [b.ReshapeLike(b.Cast(dw, ElementType.Float32), inputs[0])];
    }

    private static long Groups(Attributes attributes) => attributes.Integers("groups")[0];

    private static Value Grouped(GraphBuilder b, Value image, long groups) =>
        b.Append("Reshape", [image, b.Constant(Tensor.Of(0, groups, -1))]).Outputs[0];

    // [O, rest] in double precision.
    private static Value Filters(GraphBuilder b, Value kernel) =>
        b.Cast(b.Append("Reshape", [kernel, b.Constant(Tensor.Of(0, -1))]).Outputs[0], ElementType.Float64);

    private static Value PerChannel(GraphBuilder b, Value vector) =>
        b.Append("Reshape", [vector, b.Constant(Tensor.Of(1, -1, 1, 1))]).Outputs[0];

    private static Value Affine(GraphBuilder b, Value normalized, Value gamma, Value beta) =>
        b.Add(b.Mul(normalized, PerChannel(b, gamma)), PerChannel(b, beta));

    private static (Value Centered, Value ReciprocalDeviation) Center(GraphBuilder b, Value rows, float epsilon, long axis)
    {
        var centered = b.Sub(rows, b.ReduceMean(rows, keepDimensions: true, axis));
        var variance = b.ReduceMean(b.Mul(centered, centered), keepDimensions: true, axis);
        return (centered, b.Reciprocal(b.Sqrt(b.Add(variance, b.ScalarFor(variance, epsilon)))));
    }

    private static Value ThroughNormalization(GraphBuilder b, Value gradient, Value normalized, Value reciprocalDeviation, long axis)
    {
        var mean = b.ReduceMean(gradient, keepDimensions: true, axis);
        var product = b.ReduceMean(b.Mul(gradient, normalized), keepDimensions: true, axis);
        return b.Mul(b.Sub(b.Sub(gradient, mean), b.Mul(normalized, product)), reciprocalDeviation);
    }
}
