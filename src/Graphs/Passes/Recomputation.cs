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
        var replay = new Replay(graph, Recomputed(graph));
        foreach (var node in graph.Nodes)
            replay.Append(node);
        return replay.Build();
    }

    // Output of a norm -> the output that its gradient computes again.
    private static Dictionary<Value, Value> Recomputed(Graph graph)
    {
        var gradients = graph.Nodes.Where(node => node.Operator == NormGradient).ToDictionary(node => node.Inputs[0]);
        return graph.Nodes.Where(node => node.Operator == Norm && gradients.TryGetValue(node.Inputs[0], out var gradient)
                && gradient.Inputs.Take(3).SequenceEqual(node.Inputs) && gradient.Attributes.All.SequenceEqual(node.Attributes.All))
            .ToDictionary(node => node.Outputs[0], node => gradients[node.Inputs[0]].Outputs[OutputAgain]);
    }

    /// <summary>Writes a program anew, node by node; one whose inputs are not there yet waits for them.</summary>
    private sealed class Replay
    {
        private readonly Graph _graph;
        private readonly Dictionary<Value, Value> _recomputed;
        private readonly GraphBuilder _builder;
        private readonly Dictionary<Value, Value> _written = [];
        private readonly List<Node> _waiting = [];

        public Replay(Graph graph, Dictionary<Value, Value> recomputed)
        {
            (_graph, _recomputed, _builder) = (graph, recomputed, new GraphBuilder(graph.Name));
            foreach (var input in graph.Inputs)
                _written[input] = _builder.Input(input.Name ?? throw new ArgumentException($"Input {input} has no name.", nameof(graph)), input.Type, input.Shape);
        }

        public void Append(Node node)
        {
            if (!IsReady(node))
            {
                _waiting.Add(node);
                return;
            }
            Write(node);
            // In their order: what waits for another one that waits comes behind it.
            while (_waiting.FirstOrDefault(IsReady) is { } next)
            {
                _waiting.Remove(next);
                Write(next);
            }
        }

        public Graph Build()
        {
            if (_waiting.Count > 0)
                throw new GraphException($"{_waiting[0]} depends on the gradient of the norm that it comes before.");
            foreach (var (name, value) in _graph.Outputs)
                _builder.Output(name, Written(value));
            foreach (var (key, value) in _graph.Metadata)
                _builder.Metadata(key, value);
            return _builder.Build();
        }

        private bool IsReady(Node node) => Sources(node).All(input => input.Constant is not null || _written.ContainsKey(input));

        private IEnumerable<Value> Sources(Node node) =>
            node.Operator == "ConvKernelGradient" ? node.Inputs.Select(input => _recomputed.GetValueOrDefault(input, input)) : node.Inputs;

        private void Write(Node node)
        {
            var outputs = _builder.Append(node.Operator, [.. Sources(node).Select(Written)], node.Attributes).Outputs;
            for (var index = 0; index < outputs.Length; index++)
                _written.Add(node.Outputs[index], outputs[index]);
        }

        private Value Written(Value value)
        {
            if (value.Constant is { } constant && !_written.ContainsKey(value))
                _written.Add(value, _builder.Constant(constant, value.Name));
            return _written[value];
        }
    }
}
