using System.Collections.Immutable;
using BiT.Graphs.Operators;

namespace BiT.Graphs;

/// <summary>Writes a program, node by node, append-only. Every call checks types and shapes, so an ill-typed program cannot exist.</summary>
/// <remarks>Not safe for use from several threads. Nodes keep the order in which they were appended: it decides peak memory when the program
/// runs.</remarks>
public sealed partial class GraphBuilder(string name)
{
    private readonly List<Value> _inputs = [];
    private readonly List<Node> _nodes = [];
    private readonly List<GraphOutput> _outputs = [];
    private readonly HashSet<Value> _known = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Value> _smallConstants = new(StringComparer.Ordinal);
    private ImmutableSortedDictionary<string, string> _metadata = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Whether gradients are written with fused operators where there are some. The network's own code decides for the rest.</summary>
    public bool UsesFusedOperators { get; init; }

    /// <summary>Goes on with a finished program: everything that it has, its outputs included, and what is appended behind.</summary>
    public static GraphBuilder From(Graph graph)
    {
        var builder = new GraphBuilder(graph.Name) { _metadata = graph.Metadata };
        builder._inputs.AddRange(graph.Inputs);
        builder._nodes.AddRange(graph.Nodes);
        builder._outputs.AddRange(graph.Outputs);
        builder._known.UnionWith(graph.Inputs.Concat(graph.Constants).Concat(graph.Nodes.SelectMany(node => node.Outputs)));
        builder._names.UnionWith(graph.Inputs.Concat(graph.Constants).Select(value => value.Name).OfType<string>());
        builder._names.UnionWith(graph.Outputs.Select(output => output.Name));
        return builder;
    }

    /// <summary>The nodes so far, in order.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>Declares the next input of the program.</summary>
    public Value Input(string inputName, ElementType type, Shape shape)
    {
        Claim(inputName);
        var value = new Value(type, shape, name: inputName);
        _inputs.Add(value);
        _known.Add(value);
        return value;
    }

    /// <summary>Adds constant data. Small unnamed constants of equal content are shared.</summary>
    /// <param name="tensor">The data; not copied.</param>
    /// <param name="constantName">Name in the written file; null leaves it to the writer.</param>
    public Value Constant(Tensor tensor, string? constantName = null)
    {
        const int largestShared = 256;
        string? key = null;
        if (constantName is null && tensor.Bytes.Length <= largestShared)
        {
            key = $"{tensor.Type}{tensor.Shape}{Convert.ToHexString(tensor.Bytes.Span)}";
            if (_smallConstants.TryGetValue(key, out var shared))
                return shared;
        }
        if (constantName is not null)
            Claim(constantName);
        var value = new Value(tensor.Type, tensor.Shape, name: constantName, constant: tensor);
        _known.Add(value);
        if (key is not null)
            _smallConstants.Add(key, value);
        return value;
    }

    /// <summary>A floating-point constant of shape [].</summary>
    public Value Scalar(double value, ElementType type = ElementType.Float32) => Constant(Tensor.Scalar(value, type));

    /// <summary>A floating-point constant of one element, of the type and rank of the operand that it meets.</summary>
    /// <remarks>ONNX Runtime 1.31's elementwise operators are 70 times slower if one operand is a scalar of another rank.</remarks>
    public Value ScalarFor(Value operand, double value) =>
        Constant(Tensor.Scalar(value, operand.Type).Reshaped(new Shape(operand.Shape.Dimensions.Select(_ => (Dimension)1))));

    /// <summary>Appends a node of any known operator.</summary>
    /// <exception cref="GraphException">Unknown operator, inputs that do not fit, or a value of another builder.</exception>
    public Node Append(string @operator, IReadOnlyList<Value> inputs, Attributes? attributes = null)
    {
        foreach (var input in inputs)
            RequireKnown(input);
        var node = new Node(@operator, inputs, attributes ?? Attributes.None, OperatorSet.Infer(@operator, inputs, attributes ?? Attributes.None));
        _nodes.Add(node);
        foreach (var output in node.Outputs)
            _known.Add(output);
        return node;
    }

    /// <summary>Declares the next output of the program. An input, a constant or a value that is an output already goes through Identity, so
    /// that every output has a value of its own.</summary>
    public void Output(string outputName, Value value)
    {
        RequireKnown(value);
        Claim(outputName);
        if (value.Producer is null || _outputs.Exists(output => output.Value == value))
            value = Identity(value);
        _outputs.Add(new GraphOutput(outputName, value));
    }

    /// <summary>Sets an entry of the written file's metadata_props.</summary>
    public void Metadata(string key, string value) => _metadata = _metadata.SetItem(key, value);

    /// <summary>The finished program, without nodes that reach no output.</summary>
    /// <exception cref="GraphException">No output was declared.</exception>
    public Graph Build()
    {
        if (_outputs.Count == 0)
            throw new GraphException($"Program '{name}' has no output; declare at least one.");
        var graph = new Graph(name, _inputs, Passes.DeadNodes.Remove(_nodes, _outputs), _outputs, _metadata);
        GraphValidator.Validate(graph);
        return graph;
    }

    private void Claim(string claimed)
    {
        if (string.IsNullOrEmpty(claimed) || !_names.Add(claimed))
            throw new GraphException($"Name '{claimed}' is empty or taken in program '{name}'; inputs, outputs and named constants have names of their own.");
    }

    private void RequireKnown(Value value)
    {
        if (!_known.Contains(value))
            throw new GraphException($"Value {value} belongs to another program than '{name}'.");
    }
}
