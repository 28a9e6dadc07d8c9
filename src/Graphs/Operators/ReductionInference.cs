namespace BiT.Graphs.Operators;

/// <summary>Output types of reductions. Axes are always given, as the second input.</summary>
internal static class ReductionInference
{
    public static TensorType[] Reduce(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireFloating(0);
        var shape = context.Shape(0);
        var axes = Axes(shape, context.ConstantInt64s(1));
        if (axes.Count == 0)
            throw context.Error("needs at least one axis as input 1");
        var keep = context.Attributes.Integer("keepdims", 1) != 0;
        var kept = new List<Dimension>();
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            if (!axes.Contains(axis))
                kept.Add(shape[axis]);
            else if (keep)
                kept.Add(1);
        }
        return [new(context.Type(0), new Shape(kept))];
    }

    /// <summary>Axes as non-negative indices; each may be named once.</summary>
    public static IReadOnlySet<int> Axes(Shape shape, ReadOnlySpan<long> axes)
    {
        var result = new HashSet<int>();
        foreach (var axis in axes)
        {
            if (!result.Add(shape.Axis(axis)))
                throw new GraphException($"Axis {axis} of shape {shape} is named twice.");
        }
        return result;
    }
}
