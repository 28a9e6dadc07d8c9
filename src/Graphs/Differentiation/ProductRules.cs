namespace BiT.Graphs.Differentiation;

/// <summary>Gradients of matrix products.</summary>
internal static class ProductRules
{
    // Y = A B: dA = dY B^T, dB = A^T dY; summed over broadcast batch axes.
    public static Value?[] MatMul(GradientContext c) => c.Inputs(
        () => c.SumTo(c.Builder.MatMul(c.Gradient, Transposed(c.Builder, c.Input(1))), c.Input(0).Shape),
        () => c.SumTo(c.Builder.MatMul(Transposed(c.Builder, c.Input(0)), c.Gradient), c.Input(1).Shape));

    private static Value Transposed(GraphBuilder builder, Value matrix)
    {
        var axes = Enumerable.Range(0, matrix.Shape.Rank).Select(axis => (long)axis).ToArray();
        (axes[^1], axes[^2]) = (axes[^2], axes[^1]);
        return builder.Transpose(matrix, axes);
    }
}
