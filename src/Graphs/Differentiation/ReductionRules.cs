using BiT.Graphs.Operators;

namespace BiT.Graphs.Differentiation;

/// <summary>Gradients of reductions.</summary>
internal static class ReductionRules
{
    public static Value?[] ReduceSum(GradientContext c) => c.Inputs(() => c.Builder.Expand(KeepAxes(c, c.Gradient), c.Input(0).Shape), null);

    public static Value?[] ReduceMean(GradientContext c) => c.Inputs(
        () =>
        {
            var count = c.Input(0).Shape.ElementCount / Math.Max(1, c.Output().Shape.ElementCount);
            return c.Builder.Expand(KeepAxes(c, Broadcasting.Scale(c.Builder, c.Gradient, 1.0 / count)), c.Input(0).Shape);
        },
        null);

    // The gradient with the reduced axes back as axes of size 1.
    private static Value KeepAxes(GradientContext c, Value gradient)
    {
        var shape = c.Input(0).Shape;
        var axes = ReductionInference.Axes(shape, c.ConstantInt64s(1));
        var kept = new Shape(shape.Dimensions.Select((dimension, axis) => axes.Contains(axis) ? 1 : dimension));
        return gradient.Shape.Equals(kept) ? gradient : c.Builder.Reshape(gradient, kept);
    }
}
