using System.Collections.Immutable;

namespace BiT.Graphs;

/// <summary>An ONNX program: inputs, nodes in execution order, outputs. Immutable; made by <see cref="GraphBuilder"/>.</summary>
public sealed class Graph
{
    internal Graph(
        string name, IEnumerable<Value> inputs, IEnumerable<Node> nodes, IEnumerable<GraphOutput> outputs,
        ImmutableSortedDictionary<string, string> metadata)
    {
        Name = name;
        Inputs = [.. inputs];
        Nodes = [.. nodes];
        Outputs = [.. outputs];
        Metadata = metadata;
    }

    public string Name { get; }

    public ImmutableArray<Value> Inputs { get; }

    public ImmutableArray<Node> Nodes { get; }

    public ImmutableArray<GraphOutput> Outputs { get; }

    /// <summary>metadata_props of the written file.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; }

    /// <summary>Constants in the order of their first use.</summary>
    public IEnumerable<Value> Constants =>
        Nodes.SelectMany(node => node.Inputs).Concat(Outputs.Select(output => output.Value)).Where(value => value.Constant is not null).Distinct();
}

/// <summary>A value that the program returns, and its name.</summary>
public sealed record GraphOutput(string Name, Value Value);
