using BiT.Graphs;
using BiT.Graphs.Differentiation;
using BiT.Graphs.Passes;
using BiT.Tests.Unit.Graphs.Cases;
using BiT.Tests.Unit.Graphs.Reference;
using BiT.Tests.Unit.Graphs.Serialization;
using BiT.Training.Artifacts;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Graphs.Passes;

public sealed class ResidualGradientsTests
{
    private static readonly Dictionary<string, ReferenceTensor> Data = new()
    {
        ["x"] = Sample.Real(1, 2, 4, 9, 9),
        ["gamma"] = Sample.Real(2, 4),
        ["beta"] = Sample.Real(3, 4),
        ["kernel"] = Sample.Real(4, 4, 4, 3, 3),
    };

    [Fact]
    public void Gradients_OfAResidualUnit_HaveTheSameBitsWithoutAnAddition()
    {
        var program = Unit();

        var fused = ResidualGradients.Apply(program);

        Assert.Equal(Count(program, "Add") - 1, Count(fused, "Add"));
        Assert.Equal((0, 1), (Count(fused, "GroupNormReluGradient"), Count(fused, "GroupNormReluGradientAdd")));
        Assert.Equal(program.Outputs.Select(output => output.Name), fused.Outputs.Select(output => output.Name));
        var (expected, actual) = (OnnxRuntimeProgram.Run(program, Data, true, threads: 2), OnnxRuntimeProgram.Run(fused, Data, true, threads: 2));
        Assert.All(expected, entry => Assert.Equal(entry.Value.Values, actual[entry.Key].Values));
    }

    [Fact]
    public void NormGradient_ThatIsReadElsewhere_StaysByItself()
    {
        var b = new GraphBuilder("read twice");
        var (x, vector, dy) = (b.Input("x", ElementType.Float32, Shape.Of(1, 2, 3, 3)), b.Input("v", ElementType.Float32, Shape.Of(2)), b.Input("dy", ElementType.Float32, Shape.Of(1, 2, 3, 3)));
        var dx = b.Append("GroupNormReluGradient", [x, vector, vector, dy], Attributes.None.With("groups", [1L]).With("epsilon", 1e-5f)).Outputs[0];
        b.Output("sum", b.Add(dx, dy));
        b.Output("product", b.Mul(dx, dy));

        var graph = ResidualGradients.Apply(b.Build());

        Assert.Equal(["GroupNormReluGradient", "Add", "Mul"], graph.Nodes.Select(node => node.Operator));
    }

    [Fact]
    public void TrainingGraph_OfANetwork_AddsToNoGradientOfANorm()
    {
        var graph = TrainingGraphs.Training(BitNetwork.ByName("bit-tiny"), new TrainingGraphSizes(5, 8, 64));

        // Two units per block, of which the first has a projection: its input has one consumer.
        Assert.Equal(4, Count(graph, "GroupNormReluGradientAdd"));
        Assert.DoesNotContain(graph.Nodes.Where(node => node.Operator == "Add"), node => node.Inputs.Any(input => input.Producer?.Operator == "GroupNormReluGradient"));
    }

    private static int Count(Graph graph, string @operator) => graph.Nodes.Count(node => node.Operator == @operator);

    // relu(norm(x)) through a convolution, and x past it.
    private static Graph Unit()
    {
        var b = new GraphBuilder("unit") { UsesFusedOperators = true };
        var values = Data.ToDictionary(entry => entry.Key, entry => b.Input(entry.Key, ElementType.Float32, Shape.Of(entry.Value.Sizes)));
        var result = b.Add(b.Conv(b.GroupNormRelu(values["x"], values["gamma"], values["beta"], 2, 1e-5f), values["kernel"], 1, [1, 1, 1, 1]), values["x"]);
        var loss = b.ReduceSum(b.Mul(result, result), keepDimensions: false, 0, 1, 2, 3);
        string[] targets = ["x", "gamma", "beta", "kernel"];
        var gradients = Backpropagation.Gradients(b, loss, [.. targets.Select(name => values[name])], b.Scalar(1));
        for (var index = 0; index < targets.Length; index++)
            b.Output($"d{targets[index]}", gradients[index]);
        return b.Build();
    }
}
