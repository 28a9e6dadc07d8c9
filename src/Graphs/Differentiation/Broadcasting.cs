namespace BiT.Graphs.Differentiation;

/// <summary>Products and sums of gradients that leave broadcasting to the operator: an operand that was only expanded to the result's shape
/// is used unexpanded, which saves a pass over memory. The result is the same, bit by bit.</summary>
internal static class Broadcasting
{
    /// <summary>A multiple of a value; that of an expanded one stays below the expansion.</summary>
    public static Value Scale(GraphBuilder builder, Value value, double factor) => Unexpanded(value) is { } small
        ? builder.Expand(builder.Mul(small, builder.ScalarFor(small, factor)), value.Shape)
        : builder.Mul(value, builder.ScalarFor(value, factor));

    /// <summary>left * right.</summary>
    public static Value Mul(GraphBuilder builder, Value left, Value right)
    {
        var (a, b) = Operands(left, right);
        return builder.Mul(a, b);
    }

    /// <summary>left + right.</summary>
    public static Value Add(GraphBuilder builder, Value left, Value right)
    {
        var (a, b) = Operands(left, right);
        return builder.Add(a, b);
    }

    private static (Value Left, Value Right) Operands(Value left, Value right)
    {
        var result = Shape.Broadcast(left.Shape, right.Shape);
        if (Unexpanded(left) is { } smallLeft && Shape.Broadcast(smallLeft.Shape, right.Shape).Equals(result))
            return (smallLeft, right);
        if (Unexpanded(right) is { } smallRight && Shape.Broadcast(left.Shape, smallRight.Shape).Equals(result))
            return (left, smallRight);
        return (left, right);
    }

    private static Value? Unexpanded(Value value) => value.Producer is { Operator: "Expand" } expand ? expand.Inputs[0] : null;
}
