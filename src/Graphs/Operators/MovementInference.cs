namespace BiT.Graphs.Operators;

/// <summary>Output types of operators that move elements without changing them.</summary>
internal static class MovementInference
{
    public static TensorType[] Reshape(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        var source = context.Shape(0);
        if (context.ShapeSource(1) is { } like)
        {
            var left = Divide(source, like.Dimensions, context);
            return left == 1 ? [new(context.Type(0), like)] : throw context.Error($"has target {like}, which does not hold the elements of {source}");
        }
        var target = context.ConstantInt64s(1);
        var result = new Dimension?[target.Length];
        var inferredAxis = -1;
        for (var axis = 0; axis < target.Length; axis++)
        {
            if (target[axis] == -1 && inferredAxis < 0)
                inferredAxis = axis;
            else if (target[axis] == 0 && axis < source.Rank)
                result[axis] = source[axis];
            else if (target[axis] > 0)
                result[axis] = target[axis];
            else
                throw context.Error($"has target [{string.Join(",", target)}]: one -1 and zeros inside the input's rank are allowed");
        }
        var remaining = Divide(source, result.OfType<Dimension>(), context);
        if (inferredAxis >= 0)
            result[inferredAxis] = remaining;
        else if (remaining != 1)
            throw context.Error($"has target [{string.Join(",", target)}], which does not hold the elements of {source}");
        return [new(context.Type(0), new Shape(result.OfType<Dimension>()))];
    }

    // Elements of the source over elements of the named target dimensions; symbols cancel out by name.
    private static Dimension Divide(Shape source, IEnumerable<Dimension> target, InferenceContext context)
    {
        var symbols = source.Dimensions.Where(dimension => !dimension.IsStatic).ToList();
        var targetCount = 1L;
        foreach (var dimension in target)
        {
            if (dimension.IsStatic)
                targetCount *= dimension.Size;
            else if (!symbols.Remove(dimension))
                throw context.Error($"uses symbol {dimension}, which the input does not have");
        }
        var sourceCount = source.Dimensions.Where(dimension => dimension.IsStatic).Aggregate(1L, (count, dimension) => count * dimension.Size);
        if (targetCount == 0 ? sourceCount != 0 : sourceCount % targetCount != 0)
            throw context.Error($"cannot divide the {sourceCount} elements of {source} by {targetCount}");
        var quotient = targetCount == 0 ? 1 : sourceCount / targetCount;
        return symbols switch
        {
            [] => quotient,
            [var symbol] when quotient == 1 => symbol,
            _ => throw context.Error($"cannot infer a dimension that mixes {string.Join(" and ", symbols)} with {quotient}"),
        };
    }

    public static TensorType[] ShapeOf(InferenceContext context)
    {
        context.RequireInputs(1, 1);
        return [new(ElementType.Int64, Shape.Of(context.Shape(0).Rank))];
    }

    public static TensorType[] Transpose(InferenceContext context)
    {
        context.RequireInputs(1, 1);
        var shape = context.Shape(0);
        var permutation = context.Attributes.Integers("perm");
        if (!permutation.Order().SequenceEqual(Enumerable.Range(0, shape.Rank).Select(axis => (long)axis)))
            throw context.Error($"has perm [{string.Join(",", permutation)}], which does not permute {shape}");
        return [new(context.Type(0), new Shape(permutation.Select(axis => shape[(int)axis])))];
    }

    public static TensorType[] Slice(InferenceContext context)
    {
        context.RequireInputs(5, 5);
        var shape = context.Shape(0);
        var dimensions = shape.Dimensions.ToArray();
        foreach (var range in Ranges(context))
            dimensions[range.Axis] = range.Count;
        return [new(context.Type(0), new Shape(dimensions))];
    }

    private static IEnumerable<SliceRange> Ranges(InferenceContext context) => SliceRange.Parse(
        context.Shape(0), context.ConstantInt64s(1), context.ConstantInt64s(2), context.ConstantInt64s(3), context.ConstantInt64s(4));

    public static TensorType[] Concat(InferenceContext context)
    {
        context.RequireInputs(1, int.MaxValue);
        var first = context.Shape(0);
        var axis = first.Axis(context.Attributes.Integer("axis", 0));
        var dimensions = first.Dimensions.ToArray();
        for (var index = 1; index < context.InputCount; index++)
        {
            context.RequireSameType(0, index);
            context.RequireRank(index, first.Rank);
            for (var other = 0; other < first.Rank; other++)
            {
                if (other != axis && context.Shape(index)[other] != first[other])
                    throw context.Error($"joins on axis {axis}, but input {index} differs in axis {other}");
            }
            dimensions[axis] = dimensions[axis].Size + context.Shape(index)[axis].Size;
        }
        return [new(context.Type(0), new Shape(dimensions))];
    }

    public static TensorType[] Expand(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        var target = context.ShapeSource(1) ?? Shape.Of(context.ConstantInt64s(1));
        return [new(context.Type(0), Shape.Broadcast(context.Shape(0), target))];
    }

    public static TensorType[] Pad(InferenceContext context)
    {
        context.RequireInputs(2, 3);
        var shape = context.Shape(0);
        var pads = context.ConstantInt64s(1);
        if (pads.Length != 2 * shape.Rank || pads.Any(pad => pad < 0))
            throw context.Error($"takes {2 * shape.Rank} pads of 0 or more as input 1; got [{string.Join(",", pads)}]");
        if (context.Attributes.Text("mode", "constant") != "constant")
            throw context.Error("is supported in constant mode only");
        var dimensions = shape.Dimensions.Select((dimension, axis) =>
        {
            var added = pads[axis] + pads[axis + shape.Rank];
            return added == 0 ? dimension : dimension.Size + added;
        });
        return [new(context.Type(0), new Shape(dimensions))];
    }

    public static TensorType[] Gather(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireType(1, ElementType.Int64);
        var shape = context.Shape(0);
        var axis = shape.Axis(context.Attributes.Integer("axis", 0));
        return [new(context.Type(0), new Shape([.. shape.Dimensions.Take(axis), .. context.Shape(1).Dimensions, .. shape.Dimensions.Skip(axis + 1)]))];
    }

    public static TensorType[] ScatterElements(InferenceContext context)
    {
        context.RequireInputs(3, 3);
        context.RequireType(1, ElementType.Int64);
        context.RequireSameType(0, 2);
        context.Shape(0).Axis(context.Attributes.Integer("axis", 0));
        if (context.Attributes.Text("reduction", "none") != "add")
            throw context.Error("is supported with reduction add only");
        if (!context.Shape(1).Equals(context.Shape(2)) || context.Shape(1).Rank != context.Shape(0).Rank)
            throw context.Error("takes indices and updates of one shape, of the data's rank");
        return [new(context.Type(0), context.Shape(0))];
    }
}
