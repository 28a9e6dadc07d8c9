namespace BiT.Graphs.Operators;

/// <summary>What a shape inference function sees: the inputs and attributes of the node that is being made.</summary>
internal sealed class InferenceContext(string @operator, IReadOnlyList<Value> inputs, Attributes attributes)
{
    public Attributes Attributes => attributes;

    public int InputCount => inputs.Count;

    public Value Input(int index) => index < inputs.Count
        ? inputs[index]
        : throw Error($"has {inputs.Count} inputs; input {index} is missing");

    public Shape Shape(int index) => Input(index).Shape;

    public ElementType Type(int index) => Input(index).Type;

    /// <summary>The elements of an int64 input that must be a constant.</summary>
    public long[] ConstantInt64s(int index) => Input(index).Constant is { } constant
        ? constant.AsInt64s().ToArray()
        : throw Error($"needs a constant as input {index}; got {Input(index)}");

    /// <summary>The shape whose sizes an int64 input holds, if a Shape node computes it; null otherwise.</summary>
    public Shape? ShapeSource(int index) => Input(index).Producer is { Operator: "Shape" } node ? node.Inputs[0].Shape : null;

    public void RequireInputs(int atLeast, int atMost)
    {
        if (inputs.Count < atLeast || inputs.Count > atMost)
            throw Error($"takes {(atLeast == atMost ? $"{atLeast}" : $"{atLeast} to {atMost}")} inputs; got {inputs.Count}");
    }

    public void RequireRank(int index, int rank)
    {
        if (Shape(index).Rank != rank)
            throw Error($"takes rank {rank} as input {index}; got {Shape(index)}");
    }

    public void RequireType(int index, params ReadOnlySpan<ElementType> allowed)
    {
        if (!allowed.Contains(Type(index)))
            throw Error($"takes {string.Join(" or ", allowed.ToArray())} as input {index}; got {Type(index)}");
    }

    public void RequireFloating(int index)
    {
        if (!Type(index).IsFloating())
            throw Error($"takes a floating-point tensor as input {index}; got {Type(index)}");
    }

    public void RequireSameType(int first, int second)
    {
        if (Type(first) != Type(second))
            throw Error($"takes inputs {first} and {second} of one element type; got {Type(first)} and {Type(second)}");
    }

    public GraphException Error(string problem) =>
        new($"{@operator} {problem}. Inputs: {string.Join("; ", inputs)}.");
}
