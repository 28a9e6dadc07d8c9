using BiT.Graphs.Fused;
using BiT.Graphs.Operators;
using BiT.Graphs.Serialization.Schema;
using Google.Protobuf;

namespace BiT.Graphs.Serialization;

/// <summary>The functions of a model: for each fused operator that a program uses, its body of plain operators.</summary>
internal static class OnnxFunctions
{
    /// <summary>The functions that a program needs, in the order of their first use.</summary>
    /// <exception cref="GraphException">Two nodes of one function need different bodies.</exception>
    public static IReadOnlyList<FunctionProto> Of(Graph graph)
    {
        var functions = new List<FunctionProto>();
        var byName = new Dictionary<string, FunctionProto>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes.Where(node => FusedOperators.Contains(node.Operator)))
        {
            // Most nodes are like an earlier one.
            if (!seen.Add($"{node} {string.Join(" ", node.Attributes.All)}"))
                continue;
            var function = ToFunction(node, FusedOperators.BodyOf(node));
            if (byName.TryAdd(function.Name, function))
                functions.Add(function);
            else if (!byName[function.Name].Equals(function))
                throw new GraphException($"{node} needs another body than an earlier node of function '{function.Name}': all nodes of a function have equal attributes.");
        }
        return functions;
    }

    private static FunctionProto ToFunction(Node node, Graph body)
    {
        var names = new ValueNames(body);
        var proto = new FunctionProto { Name = body.Name, Domain = FusedOperators.Domain };
        proto.Input.AddRange(body.Inputs.Select(input => names[input]));
        proto.Output.AddRange(body.Outputs.Select(output => output.Name));
        // Kernels read the attributes; the body has their values inside.
        proto.Attribute.AddRange(node.Attributes.All.Select(attribute => attribute.Key));
        proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OperatorSet.Version });
        foreach (var constant in body.Constants)
        {
            if (constant.Constant is { } tensor)
                proto.Node.Add(ToConstant(names[constant], tensor));
        }
        proto.Node.AddRange(OnnxNodes.ToNodes(body, names));
        return proto;
    }

    private static NodeProto ToConstant(string name, Tensor tensor)
    {
        var value = new TensorProto { Name = name, DataType = (int)tensor.Type, RawData = UnsafeByteOperations.UnsafeWrap(tensor.Bytes) };
        value.Dims.AddRange(tensor.Shape.Sizes);
        var proto = new NodeProto { OpType = "Constant", Name = $"Constant_{name}" };
        proto.Output.Add(name);
        proto.Attribute.Add(new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = value });
        return proto;
    }
}
