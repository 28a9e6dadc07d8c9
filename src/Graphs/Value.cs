namespace BiT.Graphs;

/// <summary>A typed tensor in a program: a graph input, a constant, or an output of a node. Compared by identity; names exist only for
/// inputs and outputs of the graph, and are given to the rest when it is written.</summary>
public sealed class Value
{
    internal Value(ElementType type, Shape shape, Node? producer = null, string? name = null, Tensor? constant = null, bool isSequence = false)
    {
        Type = type;
        Shape = shape;
        Producer = producer;
        Name = name;
        Constant = constant;
        IsSequence = isSequence;
    }

    public ElementType Type { get; }

    public Shape Shape { get; }

    /// <summary>The node that computes the value; null for inputs and constants.</summary>
    public Node? Producer { get; }

    /// <summary>Name of a graph input or of a named constant; null otherwise.</summary>
    public string? Name { get; }

    /// <summary>The data of a constant; null otherwise.</summary>
    public Tensor? Constant { get; }

    /// <summary>Whether this is a sequence of tensors of the type, each of any shape. Only inputs of programs are, and only operators of ONNX
    /// Runtime Training take them.</summary>
    public bool IsSequence { get; }

    public override string ToString() => $"{Name ?? Producer?.Operator ?? "constant"}: {(IsSequence ? $"sequence of {Type.ToText()}" : $"{Type.ToText()}{Shape}")}";
}
