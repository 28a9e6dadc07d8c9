namespace BiT.Graphs.Passes;

/// <summary>Frees the output of every fused norm after the forward pass: what the backward pass reads of it comes from the norm's gradient,
/// which computes it again.</summary>
/// <remarks>The gradient of a convolution by its kernel reads the convolved image, long after the forward pass. It moves behind the gradient of
/// the norm that gave the image. What is kept between the passes is half of what it was: the norms' inputs.</remarks>
public static class Recomputation
{
    private const string Norm = "GroupNormRelu";
    private const string NormGradient = "GroupNormReluGradient";
    private const int OutputAgain = 3;

    /// <summary>The same program with kernel gradients that read recomputed images. Each value has the bits that it had.</summary>
    public static Graph Apply(Graph graph)
    {
        var recomputed = Recomputed(graph);
        var replay = new Replay(graph);
        var waiting = new List<Node>();
        foreach (var node in graph.Nodes)
        {
            if (!replay.IsReady(Sources(node, recomputed)))
            {
                waiting.Add(node);
                continue;
            }
            replay.Append(node, Sources(node, recomputed));
            // In their order: what waits for another one that waits comes behind it.
            while (waiting.FirstOrDefault(next => replay.IsReady(Sources(next, recomputed))) is { } ready)
            {
                waiting.Remove(ready);
                replay.Append(ready, Sources(ready, recomputed));
            }
        }
        return waiting.Count == 0 ? replay.Build() : throw new GraphException($"{waiting[0]} depends on the gradient of the norm that it comes before.");
    }

    // Output of a norm -> the output that its gradient computes again.
    private static Dictionary<Value, Value> Recomputed(Graph graph)
    {
        var gradients = graph.Nodes.Where(node => node.Operator == NormGradient).ToDictionary(node => node.Inputs[0]);
        return graph.Nodes.Where(node => node.Operator == Norm && gradients.TryGetValue(node.Inputs[0], out var gradient)
                && gradient.Inputs.Take(3).SequenceEqual(node.Inputs) && gradient.Attributes.All.SequenceEqual(node.Attributes.All))
            .ToDictionary(node => node.Outputs[0], node => gradients[node.Inputs[0]].Outputs[OutputAgain]);
    }

    private static IEnumerable<Value> Sources(Node node, Dictionary<Value, Value> recomputed) =>
        node.Operator == "ConvKernelGradient" ? node.Inputs.Select(input => recomputed.GetValueOrDefault(input, input)) : node.Inputs;
}
