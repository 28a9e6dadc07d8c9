using BiT.Graphs.Operators;

namespace BiT.Graphs.Differentiation;

/// <summary>Gradients of operators that move elements: the elements move back.</summary>
internal static class MovementRules
{
    public static Value?[] Reshape(GradientContext c) => c.Inputs(() => c.Builder.Reshape(c.Gradient, c.Input(0).Shape), null);

    public static Value?[] Transpose(GradientContext c) => c.Inputs(() =>
    {
        var permutation = c.Attributes.Integers("perm");
        var inverse = new long[permutation.Length];
        for (var axis = 0; axis < permutation.Length; axis++)
            inverse[permutation[axis]] = axis;
        return c.Builder.Transpose(c.Gradient, inverse);
    });

    // Each sliced axis grows back: zeros between elements for its step, then zeros around.
    public static Value?[] Slice(GradientContext c) => c.Inputs(
        () =>
        {
            var gradient = c.Gradient;
            var shape = c.Input(0).Shape;
            foreach (var range in SliceRange.Parse(shape, c.ConstantInt64s(1), c.ConstantInt64s(2), c.ConstantInt64s(3), c.ConstantInt64s(4)))
                gradient = Unslice(c.Builder, gradient, range, shape[range.Axis].Size);
            return gradient;
        },
        null, null, null, null);

    /// <summary>The gradient of one sliced axis: its elements where they came from, zeros elsewhere.</summary>
    public static Value Unslice(GraphBuilder builder, Value gradient, SliceRange range, long size)
    {
        if (range.Count == 0)
            throw new GraphException($"A slice of 0 elements on axis {range.Axis} has no gradient.");
        if (range.Axis == gradient.Shape.Rank - 1 && Math.Abs(range.Step) > 1 && range.Count > 1 && gradient.Shape.Rank > 1)
            return builder.MatMul(gradient, Placement(builder, gradient.Type, range, size));
        var first = range.Start;
        if (range.Step < 0)
        {
            gradient = builder.Slice(gradient, range.Axis, -1, long.MinValue, -1);
            first = range.Start + (range.Count - 1) * range.Step;
        }
        gradient = Spread(builder, gradient, range.Axis, Math.Abs(range.Step));
        var pads = new long[2 * gradient.Shape.Rank];
        pads[range.Axis] = first;
        pads[range.Axis + gradient.Shape.Rank] = size - first - gradient.Shape[range.Axis].Size;
        return pads.All(pad => pad == 0) ? gradient : builder.Pad(gradient, pads);
    }

    // The last axis is spread by a product with a matrix of zeros and ones: moving single elements is slow in every other operator.
    private static Value Placement(GraphBuilder builder, ElementType type, SliceRange range, long size)
    {
        var matrix = new float[range.Count * size];
        for (var index = 0L; index < range.Count; index++)
            matrix[index * size + range.Start + index * range.Step] = 1;
        var placement = builder.Constant(Tensor.Of(Shape.Of(range.Count, size), matrix));
        return type == ElementType.Float32 ? placement : builder.Cast(placement, type);
    }

    // [a, b] becomes [a, 0, 0, b] for step 3: a new axis behind, padded with zeros, folded in, the tail cut off.
    private static Value Spread(GraphBuilder builder, Value value, int axis, long step)
    {
        var count = value.Shape[axis].Size;
        if (step == 1 || count == 1)
            return value;
        var dimensions = value.Shape.Dimensions.ToList();
        dimensions.Insert(axis + 1, 1);
        var pads = new long[2 * dimensions.Count];
        pads[dimensions.Count + axis + 1] = step - 1;
        var padded = builder.Pad(builder.Reshape(value, new Shape(dimensions)), pads);
        var folded = value.Shape.Dimensions.ToArray();
        folded[axis] = count * step;
        return builder.Slice(builder.Reshape(padded, new Shape(folded)), axis, 0, (count - 1) * step + 1);
    }

    public static Value?[] Concat(GradientContext c)
    {
        var axis = c.Output().Shape.Axis(c.Attributes.Integer("axis", 0));
        var rules = new Func<Value>[c.Node.Inputs.Length];
        var offset = 0L;
        for (var index = 0; index < rules.Length; index++)
        {
            var (start, end) = (offset, offset + c.Input(index).Shape[axis].Size);
            rules[index] = () => c.Builder.Slice(c.Gradient, axis, start, end);
            offset = end;
        }
        return c.Inputs(rules);
    }

    public static Value?[] Expand(GradientContext c) => c.Inputs(() => c.SumTo(c.Gradient, c.Input(0).Shape), null);

    public static Value?[] Pad(GradientContext c) => c.Inputs(
        () =>
        {
            var shape = c.Input(0).Shape;
            var starts = c.ConstantInt64s(1)[..shape.Rank];
            long[] axes = [.. Enumerable.Range(0, shape.Rank).Where(axis => shape[axis] != c.Output().Shape[axis]).Select(axis => (long)axis)];
            return axes.Length == 0
                ? c.Gradient
                : c.Builder.Slice(c.Gradient, axes, [.. axes.Select(axis => starts[axis])],
                    [.. axes.Select(axis => starts[axis] + shape[(int)axis].Size)], [.. axes.Select(_ => 1L)]);
        },
        null, null);

    // The one-dimensional case (rows by index) is a scatter-add of whole rows: indices are repeated over the other axes.
    public static Value?[] Gather(GradientContext c) => c.Inputs(
        () =>
        {
            var shape = c.Input(0).Shape;
            var axis = shape.Axis(c.Attributes.Integer("axis", 0));
            if (c.Input(1).Shape.Rank != 1)
                throw new GraphException($"Gather has a gradient for indices of rank 1; got {c.Input(1)}.");
            var alongAxis = new Shape(shape.Dimensions.Select((_, other) => other == axis ? c.Input(1).Shape[0] : (Dimension)1));
            var indices = c.Builder.Expand(c.Builder.Reshape(c.Input(1), alongAxis), c.Gradient.Shape);
            return c.Builder.ScatterAdd(c.Builder.Expand(c.Builder.Scalar(0, c.Gradient.Type), shape), indices, c.Gradient, axis);
        },
        null);

    // data + updates at indices: the data's gradient passes; an update's gradient is the one at its index.
    public static Value?[] ScatterElements(GradientContext c) => c.Inputs(
        () => c.Gradient,
        null,
        () =>
        {
            if (c.Input(0).Shape.Rank != 1)
                throw new GraphException($"ScatterElements has a gradient by its updates for data of rank 1; got {c.Input(0)}.");
            return c.Builder.Gather(c.Gradient, c.Input(1), 0);
        });
}
