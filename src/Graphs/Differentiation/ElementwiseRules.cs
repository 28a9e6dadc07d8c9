namespace BiT.Graphs.Differentiation;

/// <summary>Gradients of operators that work element by element. g is the gradient of the output, y the output.</summary>
internal static class ElementwiseRules
{
    public static Value?[] Add(GradientContext c) => c.Inputs(
        () => c.SumTo(c.Gradient, c.Input(0).Shape),
        () => c.SumTo(c.Gradient, c.Input(1).Shape));

    public static Value?[] Sub(GradientContext c) => c.Inputs(
        () => c.SumTo(c.Gradient, c.Input(0).Shape),
        () => c.Builder.Neg(c.SumTo(c.Gradient, c.Input(1).Shape)));

    // a*b: da = g*b, db = g*a; a square has one gradient, g*2a, not two to add up.
    public static Value?[] Mul(GradientContext c)
    {
        if (c.Input(0) == c.Input(1))
        {
            var twice = Broadcasting.Mul(c.Builder, Broadcasting.Scale(c.Builder, c.Gradient, 2), c.Input(0));
            return [twice, null];
        }
        return c.Inputs(
            () => c.SumTo(Broadcasting.Mul(c.Builder, c.Gradient, c.Input(1)), c.Input(0).Shape),
            () => c.SumTo(Broadcasting.Mul(c.Builder, c.Gradient, c.Input(0)), c.Input(1).Shape));
    }

    // y = a/b: da = g/b, db = -g*y/b.
    public static Value?[] Div(GradientContext c) => c.Inputs(
        () => c.SumTo(c.Builder.Div(c.Gradient, c.Input(1)), c.Input(0).Shape),
        () => c.SumTo(c.Builder.Neg(c.Builder.Div(c.Builder.Mul(c.Gradient, c.Output()), c.Input(1))), c.Input(1).Shape));

    public static Value?[] Where(GradientContext c) => c.Inputs(
        null,
        () => c.SumTo(c.Builder.Where(c.Input(0), c.Gradient, c.Builder.ScalarFor(c.Gradient, 0)), c.Input(1).Shape),
        () => c.SumTo(c.Builder.Where(c.Input(0), c.Builder.ScalarFor(c.Gradient, 0), c.Gradient), c.Input(2).Shape));

    public static Value?[] Cast(GradientContext c) => c.Input(0).Type.IsFloating() && c.Output().Type.IsFloating()
        ? c.Inputs(() => c.Builder.Cast(c.Gradient, c.Input(0).Type))
        : throw new GraphException($"Cast from {c.Input(0).Type} to {c.Output().Type} is not differentiable.");

    public static Value?[] Neg(GradientContext c) => c.Inputs(() => c.Builder.Neg(c.Gradient));

    // y = sqrt(x): dx = g / (2y).
    public static Value?[] Sqrt(GradientContext c) => c.Inputs(
        () => c.Builder.Div(c.Builder.Mul(c.Gradient, c.Builder.ScalarFor(c.Gradient, 0.5)), c.Output()));

    // y = 1/x: dx = -g y^2.
    public static Value?[] Reciprocal(GradientContext c) => c.Inputs(
        () => c.Builder.Neg(c.Builder.Mul(c.Gradient, c.Builder.Mul(c.Output(), c.Output()))));

    public static Value?[] Exp(GradientContext c) => c.Inputs(() => c.Builder.Mul(c.Gradient, c.Output()));

    public static Value?[] Log(GradientContext c) => c.Inputs(() => c.Builder.Div(c.Gradient, c.Input(0)));

    // At 0 the gradient is 0, as PyTorch's. The output is never negative, so its sign is the mask; ONNX Runtime's Where is several times slower.
    public static Value?[] Relu(GradientContext c) => c.Inputs(() => c.Builder.Mul(c.Gradient, c.Builder.Sign(c.Output())));

    public static Value?[] Identity(GradientContext c) => c.Inputs(() => c.Gradient);

    // y = x - log sum exp x: dx = g - softmax(x) * sum g.
    public static Value?[] LogSoftmax(GradientContext c) => c.Inputs(() =>
    {
        var axis = c.Input(0).Shape.Axis(c.Attributes.Integer("axis", -1));
        return c.Builder.Sub(c.Gradient, c.Builder.Mul(c.Builder.Exp(c.Output()), c.Builder.ReduceSum(c.Gradient, keepDimensions: true, axis)));
    });
}
