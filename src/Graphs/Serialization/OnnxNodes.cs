using BiT.Graphs.Fused;
using BiT.Graphs.Operators;
using BiT.Graphs.Serialization.Schema;
using Google.Protobuf;

namespace BiT.Graphs.Serialization;

/// <summary>Nodes and their attributes as ONNX writes them.</summary>
internal static class OnnxNodes
{
    /// <summary>The nodes of a program or of a function's body.</summary>
    public static IEnumerable<NodeProto> ToNodes(Graph graph, ValueNames names)
    {
        var used = graph.Nodes.SelectMany(node => node.Inputs).Concat(graph.Outputs.Select(output => output.Value)).ToHashSet();
        return graph.Nodes.Select(node => ToNode(node, names, used));
    }

    private static NodeProto ToNode(Node node, ValueNames names, HashSet<Value> used)
    {
        var isFused = FusedOperators.Contains(node.Operator);
        var isForTraining = TrainingOperators.Contains(node.Operator);
        var proto = new NodeProto
        {
            OpType = isFused ? FusedOperators.FunctionName(node.Operator, node.Attributes) : node.Operator,
            Domain = isFused ? FusedOperators.Domain : isForTraining ? TrainingOperators.DomainOf(node.Operator) : "",
            Name = $"{node.Operator}_{names[node.Outputs[0]]}",
        };
        proto.Input.AddRange(node.Inputs.Select(input => names[input]));
        // An optional output that nobody uses is not declared: computing it costs time (MaxPool's indices). Kernels of fused operators have none.
        var hasOptional = !isFused && (!isForTraining || TrainingOperators.HasOptionalOutputs(node.Operator));
        var lastUsed = Enumerable.Range(0, node.Outputs.Length).Last(index => index == 0 || !hasOptional || used.Contains(node.Outputs[index]));
        proto.Output.AddRange(node.Outputs.Take(lastUsed + 1).Select(output => isForTraining && hasOptional && !used.Contains(output) ? "" : names[output]));
        foreach (var (key, value) in node.Attributes.All)
            proto.Attribute.Add(ToAttribute(key, value));
        return proto;
    }

    private static AttributeProto ToAttribute(string name, AttributeValue value)
    {
        var proto = new AttributeProto { Name = name };
        switch (value)
        {
            case AttributeValue.Integer integer:
                proto.Type = AttributeProto.Types.AttributeType.Int;
                proto.I = integer.Value;
                break;
            case AttributeValue.Real real:
                proto.Type = AttributeProto.Types.AttributeType.Float;
                proto.F = real.Value;
                break;
            case AttributeValue.Text text:
                proto.Type = AttributeProto.Types.AttributeType.String;
                proto.S = ByteString.CopyFromUtf8(text.Value);
                break;
            case AttributeValue.Integers integers:
                proto.Type = AttributeProto.Types.AttributeType.Ints;
                proto.Ints.AddRange(integers.Values);
                break;
            default:
                throw new GraphException($"Attribute '{name}' of type {value.GetType().Name} cannot be written.");
        }
        return proto;
    }
}
