using BiT.Graphs;

namespace BiT.Training.Artifacts;

/// <summary>Estimates how much memory a run of a program needs, from its shapes alone.</summary>
public static class PeakMemory
{
    /// <summary>Bytes alive at the worst moment when the nodes run in order and every value is freed after its last use; inputs, constants
    /// and outputs count throughout.</summary>
    /// <remarks>Nodes that only give another view of their input (Reshape, Identity) count nothing. What a kernel needs inside (packing,
    /// column buffers) is not known here: callers add a margin.</remarks>
    /// <exception cref="GraphException">A shape is symbolic.</exception>
    public static long Bytes(Graph graph)
    {
        var owner = Owners(graph);
        var lastUse = new Dictionary<Value, int>();
        for (var index = 0; index < graph.Nodes.Length; index++)
        {
            foreach (var input in graph.Nodes[index].Inputs)
                lastUse[owner.GetValueOrDefault(input, input)] = index;
        }
        foreach (var output in graph.Outputs)
            lastUse[owner.GetValueOrDefault(output.Value, output.Value)] = int.MaxValue;

        var alive = graph.Inputs.Sum(Size) + graph.Constants.Sum(Size);
        var peak = alive;
        for (var index = 0; index < graph.Nodes.Length; index++)
        {
            var node = graph.Nodes[index];
            var own = node.Outputs.Where(output => !owner.ContainsKey(output) && lastUse.ContainsKey(output)).ToArray();
            alive += own.Sum(Size);
            peak = Math.Max(peak, alive);
            alive -= node.Inputs.Select(input => owner.GetValueOrDefault(input, input)).Distinct()
                .Where(input => input.Producer is not null && lastUse[input] == index).Sum(Size);
        }
        return peak;
    }

    // Values that share the memory of another one.
    private static Dictionary<Value, Value> Owners(Graph graph)
    {
        var owner = new Dictionary<Value, Value>();
        foreach (var node in graph.Nodes.Where(node => node.Operator is "Reshape" or "Identity"))
            owner[node.Outputs[0]] = owner.GetValueOrDefault(node.Inputs[0], node.Inputs[0]);
        return owner;
    }

    private static long Size(Value value) => value.Shape.ElementCount * value.Type.SizeInBytes();
}
