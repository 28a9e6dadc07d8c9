using BiT.Graphs;
using BiT.Graphs.Differentiation;
using BiT.Graphs.Passes;
using BiT.Tests.Unit.Graphs.Cases;
using BiT.Tests.Unit.Graphs.Reference;
using BiT.Tests.Unit.Graphs.Serialization;
using BiT.Training.Artifacts;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Graphs.Passes;

public sealed class RecomputationTests
{
    private static readonly Dictionary<string, ReferenceTensor> Data = new()
    {
        ["x"] = Sample.Real(1, 2, 4, 9, 9),
        ["gamma"] = Sample.Real(2, 4),
        ["beta"] = Sample.Real(3, 4),
        ["first"] = Sample.Real(4, 4, 4, 3, 3),
        ["second"] = Sample.Real(5, 6, 4, 1, 1),
    };

    [Fact]
    public void Gradients_OfARecomputedProgram_HaveTheSameBits()
    {
        var program = TwoConvolutions();

        var recomputed = Recomputation.Apply(program);

        var (expected, actual) = (OnnxRuntimeProgram.Run(program, Data, true, threads: 2), OnnxRuntimeProgram.Run(recomputed, Data, true, threads: 2));
        Assert.Equal(program.Outputs.Select(output => output.Name), recomputed.Outputs.Select(output => output.Name));
        Assert.All(expected, entry => Assert.Equal(entry.Value.Values, actual[entry.Key].Values));
    }

    [Fact]
    public void KernelGradients_OfARecomputedProgram_ReadWhatTheNormsGradientGives()
    {
        var before = KernelGradientImages(TwoConvolutions());
        var after = KernelGradientImages(Recomputation.Apply(TwoConvolutions()));

        // The first convolution reads an input of the program: nothing to recompute.
        Assert.Equal(["GroupNormRelu", null], before);
        Assert.Equal(["GroupNormReluGradient", null], after.OrderDescending());
    }

    [Fact]
    public void TrainingGraph_OfANetwork_KeepsNoOutputOfANorm()
    {
        var network = BitNetwork.ByName("bit-tiny");
        var graph = TrainingGraphs.Training(network, new TrainingGraphSizes(5, 8, 64));
        var plain = TrainingGraphs.Training(network, new TrainingGraphSizes(5, 8, 64, Fused: false));

        Assert.DoesNotContain("GroupNormRelu", KernelGradientImages(graph));
        Assert.Contains("GroupNormReluGradient", KernelGradientImages(graph));
        Assert.True(PeakMemory.Bytes(graph) < 0.7 * PeakMemory.Bytes(plain),
            $"The fused graph takes {PeakMemory.Bytes(graph):N0} bytes, the plain one {PeakMemory.Bytes(plain):N0}.");
    }

    private static IEnumerable<string?> KernelGradientImages(Graph graph) =>
        graph.Nodes.Where(node => node.Operator == "ConvKernelGradient").Select(node => node.Inputs[0].Producer?.Operator);

    private static Graph TwoConvolutions()
    {
        var b = new GraphBuilder("two") { UsesFusedOperators = true };
        var values = Data.ToDictionary(entry => entry.Key, entry => b.Input(entry.Key, ElementType.Float32, Shape.Of(entry.Value.Sizes)));
        var hidden = b.Conv(values["x"], values["first"], 1, [1, 1, 1, 1]);
        var result = b.Conv(b.GroupNormRelu(hidden, values["gamma"], values["beta"], 2, 1e-5f), values["second"]);
        var loss = b.ReduceSum(b.Mul(result, result), keepDimensions: false, 0, 1, 2, 3);
        string[] targets = ["gamma", "beta", "first", "second"];
        var gradients = Backpropagation.Gradients(b, loss, [.. targets.Select(name => values[name])], b.Scalar(1));
        b.Output("loss", loss);
        for (var index = 0; index < targets.Length; index++)
            b.Output($"d{targets[index]}", gradients[index]);
        return b.Build();
    }
}
