using System.Text.Json;
using BiT.Core.Imaging;
using BiT.Graphs;

namespace BiT.Training.Networks;

/// <summary>An inference graph from outside that <see cref="InferenceGraph"/> could have made: the same nodes in the same order, with other
/// weights at most.</summary>
/// <param name="Network">Its network.</param>
/// <param name="Labels">Class names by class index, at least one.</param>
/// <param name="InputSize">Side of the square input, in pixels.</param>
internal sealed record OwnInferenceGraph(BitNetwork Network, IReadOnlyList<string> Labels, int InputSize)
{
    public const string NetworkKey = "bit.network";
    public const string PreprocessingKey = "bit.preprocessing";
    public const string LabelsKey = "bit.labels";

    private const int MaxLabels = 100_000;
    private const int MaxInputSize = 1024;

    private const string Cure = "Only an infer.onnx that this service made can be imported; import other networks as npz weights in the official layout.";

    /// <summary>Recognises a graph by its metadata, then compares it node by node with what its network gives.</summary>
    /// <remarks>What a graph says of itself is not trusted: one that takes all memory when it runs would take the server along.</remarks>
    /// <exception cref="GraphException">The graph is another one; the message names the first difference.</exception>
    public static OwnInferenceGraph Recognise(Graph graph)
    {
        var own = ReadMetadata(graph);
        // A small file that says it is a large network must not make a large network's memory be taken.
        var least = NetworkParameters.List(own.Network, own.Labels.Count).Where(parameter => parameter.IsKernel)
            .Sum(parameter => (long)parameter.ElementCount * sizeof(float));
        var held = graph.Constants.Sum(constant => (long)(constant.Constant?.Bytes.Length ?? 0));
        if (held < least)
            throw own.Differs($"it holds {held:N0} bytes of weights, expected at least {least:N0}");
        var weights = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        var expected = InferenceGraph.Build(own.Network, own.Labels.Count, own.InputSize, (_, shape) =>
        {
            var tensor = new Tensor(ElementType.Float32, shape, new byte[checked(shape.ElementCount * sizeof(float))]);
            weights.Add(tensor);
            return tensor;
        }, metadata: null);
        new Comparison(own, weights).Compare(expected, graph);
        return own;
    }

    private static OwnInferenceGraph ReadMetadata(Graph graph)
    {
        var network = Entry(graph, NetworkKey);
        var preprocessing = Entry(graph, PreprocessingKey);
        if (!graph.Metadata.TryGetValue(LabelsKey, out var labels))
            throw new GraphException($"The file has no entry {LabelsKey} in its metadata_props: it is a backbone without a head, which neither classifies "
                + "nor, being folded, can be trained from. Import the backbone's weights as npz.");
        try
        {
            var size = Preprocessing.FromJson(preprocessing);
            var names = JsonSerializer.Deserialize<string[]>(labels) ?? [];
            if (size.Height != size.Width || size.Height > MaxInputSize)
                throw new GraphException($"The file takes images of {size.Width} x {size.Height} pixels; expected a square of at most {MaxInputSize}. {Cure}");
            if (LabelRules.Violation(names) is { } violation || names.Length == 0 || names.Length > MaxLabels)
                throw new GraphException($"Entry {LabelsKey} of the file's metadata_props has {names.Length} class names; expected 1 to {MaxLabels:N0} different ones. {Cure}");
            return new OwnInferenceGraph(BitNetwork.ByName(network), names, size.Height);
        }
        catch (Exception problem) when (problem is JsonException or InvalidDataException or NetworkException)
        {
            throw new GraphException($"The file's metadata_props cannot be read: {problem.Message} {Cure}", problem);
        }
    }

    private static string Entry(Graph graph, string key) => graph.Metadata.TryGetValue(key, out var value)
        ? value
        : throw new GraphException($"The file has no entry {key} in its metadata_props. {Cure}");

    private GraphException Differs(string difference) => new(
        $"The file says that it is a {Network.Name} for {InputSize} pixels and {Labels.Count} classes, but {difference}. {Cure}");

    /// <summary>Walks two programs side by side.</summary>
    private sealed class Comparison(OwnInferenceGraph own, HashSet<Tensor> weights)
    {
        private readonly Dictionary<Value, Value> _actual = [];

        public void Compare(Graph expected, Graph actual)
        {
            Require(actual.Inputs.Length == 1 && actual.Inputs[0].Name == expected.Inputs[0].Name && IsSameType(expected.Inputs[0], actual.Inputs[0]),
                $"its inputs are {string.Join(", ", actual.Inputs)}, expected {expected.Inputs[0]}");
            _actual.Add(expected.Inputs[0], actual.Inputs[0]);
            for (var index = 0; index < Math.Min(expected.Nodes.Length, actual.Nodes.Length); index++)
                Compare(expected.Nodes[index], actual.Nodes[index], $"node {index}");
            Require(expected.Nodes.Length == actual.Nodes.Length, $"it has {actual.Nodes.Length} nodes, expected {expected.Nodes.Length}");
            Require(expected.Outputs.Select(output => output with { Value = _actual[output.Value] }).SequenceEqual(actual.Outputs),
                $"its outputs are {string.Join(", ", actual.Outputs.Select(output => output.Name))}, "
                    + $"expected {string.Join(", ", expected.Outputs.Select(output => output.Name))} of the same values");
        }

        private void Compare(Node expected, Node actual, string where)
        {
            Require(expected.Operator == actual.Operator && expected.Inputs.Length == actual.Inputs.Length
                && expected.Attributes.All.SequenceEqual(actual.Attributes.All), $"{where} is {actual}, expected {expected} with its attributes");
            for (var input = 0; input < expected.Inputs.Length; input++)
                Compare(expected.Inputs[input], actual.Inputs[input], $"input {input} of {where}, {actual.Operator},");
            foreach (var (expectedOutput, actualOutput) in expected.Outputs.Zip(actual.Outputs))
                _actual.Add(expectedOutput, actualOutput);
        }

        private void Compare(Value expected, Value actual, string where)
        {
            if (expected.Constant is not { } constant)
            {
                Require(_actual[expected] == actual, $"{where} comes from elsewhere");
                return;
            }
            Require(IsSameType(expected, actual), $"{where} is {actual}, expected {expected}");
            if (actual.Constant is not { } given)
                throw own.Differs($"{where} is computed, expected a constant");
            if (weights.Contains(constant))
                Require(!HasInvalid(given.AsFloats()), $"{where} holds weights that are not finite numbers");
            else
                Require(constant.Bytes.Span.SequenceEqual(given.Bytes.Span), $"{where} is another constant");
        }

        private static bool HasInvalid(ReadOnlySpan<float> values)
        {
            foreach (var value in values)
            {
                if (!float.IsFinite(value))
                    return true;
            }
            return false;
        }

        private static bool IsSameType(Value expected, Value actual) => expected.Type == actual.Type && expected.Shape.Equals(actual.Shape);

        private void Require(bool holds, string difference)
        {
            if (!holds)
                throw own.Differs(difference);
        }
    }
}
