using BiT.Graphs;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Networks;

/// <summary>The engine binds an array as an input and as the output that takes its place: safe as long as nobody reads the input after that output is
/// written, and its writer reads it element by element.</summary>
public sealed class InPlaceTests
{
    private static readonly string[] Elementwise = ["MomentumStep", "Add", "Sub"];

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    public void TrainingGraph_BuffersOfGradients_AreReadBeforeTheirResultsAreWritten(bool fused, int accumulationSteps)
    {
        var network = BitNetwork.ByName("bit-tiny");
        var graph = TrainingGraphs.Training(network, new TrainingGraphSizes(3, 2, 32, accumulationSteps, fused));
        var pairs = NetworkParameters.List(network, 3)
            .Select(parameter => (parameter.Name + TrainingGraphs.BufferSuffix, parameter.Name + TrainingGraphs.AccumulatedSuffix)).ToArray();

        AssertInPlace(graph, pairs);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 0.01)]
    [InlineData(false, 0)]
    [InlineData(false, 0.01)]
    public void OptimizerGraph_ParametersAndMomenta_AreReadBeforeTheirResultsAreWritten(bool fused, float decay)
    {
        var parameters = NetworkParameters.List(BitNetwork.ByName("bit-tiny"), 3);

        AssertInPlace(OptimizerGraph.Build(parameters, 0.9f, decay, fused),
            [.. parameters.SelectMany(parameter => new[] { parameter.Name, parameter.Name + OptimizerGraph.MomentumSuffix })
                .Select(name => (name, name + OptimizerGraph.UpdatedSuffix))]);
    }

    private static void AssertInPlace(Graph graph, (string Input, string Output)[] pairs)
    {
        var readers = graph.Nodes.SelectMany(node => node.Inputs.Distinct().Select(input => (input, node))).ToLookup(entry => entry.input, entry => entry.node);
        var (inputs, outputs) = (graph.Inputs.ToDictionary(input => input.Name ?? ""), graph.Outputs.ToDictionary(output => output.Name, output => output.Value));
        foreach (var (input, output) in pairs)
        {
            var writer = outputs[output].Producer;
            Assert.NotNull(writer);
            var before = Ancestors(writer);
            Assert.All(readers[inputs[input]], reader =>
                Assert.True(reader == writer ? Elementwise.Contains(writer.Operator) : before.Contains(reader), $"{reader} may read {input} after {writer} has written {output}."));
        }
    }

    private static HashSet<Node> Ancestors(Node node)
    {
        var found = new HashSet<Node>();
        var open = new Stack<Node>([node]);
        while (open.TryPop(out var next))
        {
            foreach (var producer in next.Inputs.Select(input => input.Producer).OfType<Node>().Where(found.Add))
                open.Push(producer);
        }
        return found;
    }
}
