namespace BiT.Graphs.Passes;

/// <summary>Removes nodes that no output depends on.</summary>
internal static class DeadNodes
{
    public static IEnumerable<Node> Remove(IReadOnlyList<Node> nodes, IEnumerable<GraphOutput> outputs)
    {
        var needed = outputs.Select(output => output.Value).ToHashSet();
        var kept = new Stack<Node>();
        for (var index = nodes.Count - 1; index >= 0; index--)
        {
            var node = nodes[index];
            if (!node.Outputs.Any(needed.Contains))
                continue;
            kept.Push(node);
            needed.UnionWith(node.Inputs);
        }
        return kept;
    }
}
