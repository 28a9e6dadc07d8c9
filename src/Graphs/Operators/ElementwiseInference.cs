namespace BiT.Graphs.Operators;

/// <summary>Output types of operators that work element by element.</summary>
internal static class ElementwiseInference
{
    public static TensorType[] Arithmetic(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireSameType(0, 1);
        context.RequireType(0, ElementType.Float32, ElementType.Float16, ElementType.Float64, ElementType.Int64, ElementType.Int32);
        return [new(context.Type(0), Shape.Broadcast(context.Shape(0), context.Shape(1)))];
    }

    public static TensorType[] Comparison(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireSameType(0, 1);
        return [new(ElementType.Bool, Shape.Broadcast(context.Shape(0), context.Shape(1)))];
    }

    public static TensorType[] Where(InferenceContext context)
    {
        context.RequireInputs(3, 3);
        context.RequireType(0, ElementType.Bool);
        context.RequireSameType(1, 2);
        return [new(context.Type(1), Shape.Broadcast(context.Shape(0), Shape.Broadcast(context.Shape(1), context.Shape(2))))];
    }

    public static TensorType[] Cast(InferenceContext context)
    {
        context.RequireInputs(1, 1);
        var to = (ElementType)context.Attributes.Integer("to", 0);
        if (!Enum.IsDefined(to))
            throw context.Error($"has attribute to = {(int)to}, which is no element type");
        return [new(to, context.Shape(0))];
    }

    public static TensorType[] Unary(InferenceContext context)
    {
        context.RequireInputs(1, 1);
        context.RequireFloating(0);
        return [new(context.Type(0), context.Shape(0))];
    }

    public static TensorType[] Not(InferenceContext context)
    {
        context.RequireInputs(1, 1);
        context.RequireType(0, ElementType.Bool);
        return [new(ElementType.Bool, context.Shape(0))];
    }

    public static TensorType[] Identity(InferenceContext context)
    {
        context.RequireInputs(1, 1);
        return [new(context.Type(0), context.Shape(0))];
    }

    public static TensorType[] LogSoftmax(InferenceContext context)
    {
        context.Shape(0).Axis(context.Attributes.Integer("axis", -1));
        return Unary(context);
    }

    public static TensorType[] OneHot(InferenceContext context)
    {
        context.RequireInputs(3, 3);
        context.RequireType(0, ElementType.Int64);
        context.RequireRank(2, 1);
        if (context.Attributes.Integer("axis", -1) != -1)
            throw context.Error("is supported with axis -1 only");
        if (context.ConstantInt64s(1) is not [> 0 and var depth])
            throw context.Error("takes a depth of at least 1 as input 1");
        return [new(context.Type(2), new Shape([.. context.Shape(0).Dimensions, depth]))];
    }
}
