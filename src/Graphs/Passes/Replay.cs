namespace BiT.Graphs.Passes;

/// <summary>Writes a program anew, node by node, in an order and with inputs of a pass's choice.</summary>
internal sealed class Replay
{
    private readonly Graph _graph;
    private readonly GraphBuilder _builder;
    private readonly Dictionary<Value, Value> _written = [];

    public Replay(Graph graph)
    {
        (_graph, _builder) = (graph, new GraphBuilder(graph.Name));
        foreach (var input in graph.Inputs)
            _written[input] = _builder.Input(input.Name ?? throw new ArgumentException($"Input {input} has no name.", nameof(graph)), input.Type, input.Shape);
    }

    /// <summary>Whether all these values of the old program are in the new one, or are constants.</summary>
    public bool IsReady(IEnumerable<Value> inputs) => inputs.All(input => input.Constant is not null || _written.ContainsKey(input));

    /// <summary>Appends a node of the old program.</summary>
    /// <param name="node">The node; its outputs are in the new program from here on.</param>
    /// <param name="inputs">Values of the old program, to be read in the place of the node's inputs.</param>
    /// <param name="operator">Another operator with the same outputs, or null for the node's own.</param>
    public void Append(Node node, IEnumerable<Value> inputs, string? @operator = null)
    {
        var outputs = _builder.Append(@operator ?? node.Operator, [.. inputs.Select(Written)], node.Attributes).Outputs;
        for (var index = 0; index < outputs.Length; index++)
            _written.Add(node.Outputs[index], outputs[index]);
    }

    /// <summary>Leaves out the node of a value of the old program: what reads it reads another one, which is in the new program.</summary>
    public void Alias(Value value, Value other) => _written.Add(value, _written[other]);

    /// <summary>The new program, with the outputs and metadata of the old one.</summary>
    public Graph Build()
    {
        foreach (var (name, value) in _graph.Outputs)
            _builder.Output(name, Written(value));
        foreach (var (key, value) in _graph.Metadata)
            _builder.Metadata(key, value);
        return _builder.Build();
    }

    private Value Written(Value value)
    {
        if (value.Constant is { } constant && !_written.ContainsKey(value))
            _written.Add(value, _builder.Constant(constant, value.Name));
        return _written[value];
    }
}
