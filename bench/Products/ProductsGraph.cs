using BiT.Graphs;

namespace BiT.Bench.Products;

/// <summary>The products of a program and nothing else: what they read comes in, what they give goes out.</summary>
internal static class ProductsGraph
{
    /// <param name="graph">A program of static shapes with at least one product.</param>
    /// <returns>Inputs x0, x1, ...: one per value that some product of <paramref name="graph"/> reads; outputs y0, y1, ...: one per product.</returns>
    public static Graph Of(Graph graph)
    {
        var b = new GraphBuilder("products");
        var inputs = new Dictionary<Value, Value>();
        var results = new List<Value>();
        foreach (var node in ProductNodes.Of(graph))
        {
            foreach (var input in node.Inputs)
            {
                if (!inputs.ContainsKey(input))
                    inputs.Add(input, b.Input($"x{inputs.Count}", input.Type, input.Shape));
            }
            results.Add(b.Append(node.Operator, [.. node.Inputs.Select(input => inputs[input])], node.Attributes).Outputs[0]);
        }
        for (var index = 0; index < results.Count; index++)
            b.Output($"y{index}", results[index]);
        return b.Build();
    }
}
