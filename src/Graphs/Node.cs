using System.Collections.Immutable;

namespace BiT.Graphs;

/// <summary>One application of an operator. Immutable.</summary>
public sealed class Node
{
    internal Node(string @operator, IEnumerable<Value> inputs, Attributes attributes, IReadOnlyList<TensorType> outputs)
    {
        Operator = @operator;
        Inputs = [.. inputs];
        Attributes = attributes;
        Outputs = [.. outputs.Select(output => new Value(output.Type, output.Shape, this))];
    }

    /// <summary>Operator name as in the ONNX specification, for example <c>Conv</c>, or that of a fused operator.</summary>
    public string Operator { get; }

    public ImmutableArray<Value> Inputs { get; }

    public Attributes Attributes { get; }

    public ImmutableArray<Value> Outputs { get; }

    public override string ToString() => $"{Operator}({string.Join(", ", Inputs.Select(input => $"{input.Type.ToText()}{input.Shape}"))})";
}

/// <summary>Element type and shape of a value.</summary>
public readonly record struct TensorType(ElementType Type, Shape Shape);
