namespace BiT.Graphs.Differentiation;

/// <summary>What a gradient rule sees: the node, the gradients of its outputs, and which inputs need one.</summary>
internal sealed class GradientContext(GraphBuilder builder, Node node, IReadOnlyList<Value?> outputGradients, IReadOnlyList<bool> needsGradient)
{
    public GraphBuilder Builder => builder;

    public Node Node => node;

    public Attributes Attributes => node.Attributes;

    public Value Input(int index) => node.Inputs[index];

    public Value Output(int index = 0) => node.Outputs[index];

    /// <summary>Gradient of the first output.</summary>
    public Value Gradient => outputGradients[0]
        ?? throw new GraphException($"{node} is differentiated through another output than its first, which has no gradient rule.");

    /// <summary>The gradients of all inputs; those that are not needed are not computed.</summary>
    public Value?[] Inputs(params ReadOnlySpan<Func<Value>?> gradients)
    {
        var result = new Value?[node.Inputs.Length];
        for (var index = 0; index < gradients.Length && index < result.Length; index++)
        {
            if (!needsGradient[index])
                continue;
            var compute = gradients[index] ?? throw new GraphException($"{node.Operator} has no gradient by its input {index}.");
            result[index] = compute();
        }
        return result;
    }

    /// <summary>The elements of a constant int64 input.</summary>
    public long[] ConstantInt64s(int index) =>
        node.Inputs[index].Constant?.AsInt64s().ToArray() ?? throw new GraphException($"{node} needs a constant as input {index}.");

    /// <summary>Sums a gradient over the axes along which an operand was broadcast, down to the operand's shape.</summary>
    public Value SumTo(Value gradient, Shape shape)
    {
        if (gradient.Shape.Equals(shape))
            return gradient;
        var added = gradient.Shape.Rank - shape.Rank;
        var axes = Enumerable.Range(0, gradient.Shape.Rank)
            .Where(axis => axis < added || (shape[axis - added] == 1 && gradient.Shape[axis] != 1)).Select(axis => (long)axis).ToArray();
        var summed = axes.Length == 0 ? gradient : builder.ReduceSum(gradient, keepDimensions: true, axes);
        return summed.Shape.Equals(shape) ? summed : builder.Reshape(summed, shape);
    }
}
