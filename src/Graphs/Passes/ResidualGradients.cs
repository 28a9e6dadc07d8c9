namespace BiT.Graphs.Passes;

/// <summary>Adds the gradient that comes along a residual connection where the gradient of the norm beside it is computed, instead of in a node of
/// its own.</summary>
/// <remarks>The input of a unit takes two gradients, one through the unit's first norm and one past the unit. A node that adds them reads two arrays
/// and writes one; inside of the norm's gradient only one is read.</remarks>
public static class ResidualGradients
{
    private const string NormGradient = "GroupNormReluGradient";

    /// <summary>The same program without these additions. Computed by the kernels, each value has the bits that it had.</summary>
    public static Graph Apply(Graph graph)
    {
        var sums = Sums(graph);
        var additions = sums.Values.Select(sum => sum.Addition).ToHashSet();
        var replay = new Replay(graph);
        foreach (var node in graph.Nodes.Where(node => !additions.Contains(node)))
        {
            if (!sums.TryGetValue(node, out var sum))
            {
                replay.Append(node, node.Inputs);
                continue;
            }
            replay.Append(node, node.Inputs.Append(sum.Other), $"{NormGradient}Add");
            replay.Alias(sum.Addition.Outputs[0], node.Outputs[0]);
        }
        return replay.Build();
    }

    // Gradients of norms that one addition and nothing else reads, and whose other summand is there before them -> that addition and that summand.
    private static Dictionary<Node, (Node Addition, Value Other)> Sums(Graph graph)
    {
        var readers = graph.Nodes.SelectMany(node => node.Inputs, (node, input) => (node, input)).ToLookup(pair => pair.input, pair => pair.node);
        var outputs = graph.Outputs.Select(output => output.Value).ToHashSet();
        var places = graph.Nodes.Select((node, place) => (node, place)).ToDictionary(pair => pair.node, pair => pair.place);
        bool ComesBefore(Value value, Node node) => value.Producer is null || places[value.Producer] < places[node];
        var sums = new Dictionary<Node, (Node, Value)>();
        foreach (var addition in graph.Nodes.Where(node => node.Operator == "Add"))
        {
            foreach (var (gradient, other) in ((Value, Value)[])[(addition.Inputs[0], addition.Inputs[1]), (addition.Inputs[1], addition.Inputs[0])])
            {
                if (gradient.Producer is { Operator: NormGradient } norm && norm.Outputs[0] == gradient && readers[gradient].Count() == 1
                    && !outputs.Contains(gradient) && other.Shape.Equals(gradient.Shape) && ComesBefore(other, norm))
                {
                    sums.Add(norm, (addition, other));
                    break;
                }
            }
        }
        return sums;
    }
}
