using BiT.Graphs.Operators;

namespace BiT.Graphs;

/// <summary>Checks a whole program again: order, types, names. Run before writing and after reading.</summary>
public static class GraphValidator
{
    /// <exception cref="GraphException">The first violation found.</exception>
    public static void Validate(Graph graph)
    {
        var defined = new HashSet<Value>(graph.Inputs);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in graph.Inputs.Select(input => input.Name).Concat(graph.Outputs.Select(output => output.Name))
            .Concat(graph.Constants.Select(constant => constant.Name)).OfType<string>())
        {
            if (!names.Add(name))
                throw new GraphException($"Program '{graph.Name}' names two values '{name}'.");
        }
        foreach (var node in graph.Nodes)
            ValidateNode(graph, node, defined);
        foreach (var output in graph.Outputs)
            RequireDefined(graph, defined, output.Value, $"output '{output.Name}'");
    }

    private static void ValidateNode(Graph graph, Node node, HashSet<Value> defined)
    {
        foreach (var input in node.Inputs)
            RequireDefined(graph, defined, input, node.ToString());
        var inferred = OperatorSet.Infer(node.Operator, node.Inputs, node.Attributes);
        if (!inferred.SequenceEqual(node.Outputs.Select(output => new TensorType(output.Type, output.Shape))))
            throw new GraphException($"Node {node} of program '{graph.Name}' declares other output types than its operator gives.");
        defined.UnionWith(node.Outputs);
    }

    private static void RequireDefined(Graph graph, HashSet<Value> defined, Value value, string user)
    {
        if (value.Constant is null && !defined.Contains(value))
            throw new GraphException($"{user} of program '{graph.Name}' uses {value} before it is computed.");
    }
}
