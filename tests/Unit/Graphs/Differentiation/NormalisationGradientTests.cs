using BiT.Graphs;
using BiT.Graphs.Differentiation;
using BiT.Tests.Unit.Graphs.Cases;
using BiT.Tests.Unit.Graphs.Reference;
using BiT.Tests.Unit.Graphs.Serialization;

namespace BiT.Tests.Unit.Graphs.Differentiation;

/// <summary>Normalisation where the variance is 0. Differences are useless there (the curvature is 1 / epsilon), the formula is not: with
/// x' = (x - mean) / sqrt(variance + epsilon) and r the gradient of x', dx = (r - mean(r) - x' mean(r x')) / sqrt(variance + epsilon), and
/// x' = 0 leaves dx = (r - mean(r)) / sqrt(epsilon).</summary>
public sealed class NormalisationGradientTests
{
    private const float GroupEpsilon = 1e-5f;
    private const float WeightEpsilon = 1e-10f;

    // float32 factors: 1 / count and epsilon, each within 2^-24 of its value; two of them in a row, both ways.
    private const double RelativeTolerance = 4e-7;

    // ONNX Runtime computes all of it in float32: the mean of n <= 64 equal elements is off by up to n * 2^-24 * 0.3 = 1e-6, which over
    // sqrt(epsilon) = 1e-5 makes x' up to 0.1 instead of 0, and the term x' mean(r x') up to 0.01 of the largest r.
    private const double RuntimeTolerance = 0.02;

    [Theory]
    [InlineData(64, 3)]
    [InlineData(32, 3)]
    [InlineData(64, 1)]
    [InlineData(32, 1)]
    public void GroupNorm_OfAConstantImage_HasTheGradientOfTheFormula(int channels, int side)
    {
        const int groups = 32;
        var image = new ReferenceTensor(
            ElementType.Float32, [1, channels, side, side], Enumerable.Repeat((double)0.3f, channels * side * side).ToArray());
        var scale = Sample.Real(1, channels);
        var (graph, data) = Program(image, (b, x) => NetworkCases.GroupNorm(
            b, x, b.Constant(ToTensor(scale)), b.Constant(ToTensor(Sample.Real(2, channels))), groups, GroupEpsilon));
        var ofNormalised = data["w"].Values.Select((weight, element) => weight * scale.Values[element / (side * side)]).ToArray();

        Check(graph, data, Centred(ofNormalised, channels / groups * side * side, GroupEpsilon));
    }

    [Fact]
    public void WeightStandardisation_OfAConstantFilter_HasTheGradientOfTheFormula()
    {
        // The second filter is not constant: its neighbour must not disturb it, nor be disturbed.
        var weight = Sample.Real(3, 2, 3, 3, 3);
        Array.Fill(weight.Values, 0.3f, 0, 27);
        var (graph, data) = Program(weight, (b, x) => NetworkCases.Standardise(b, x, WeightEpsilon));

        Check(graph, data, Centred(data["w"].Values[..27], 27, WeightEpsilon));
    }

    private static void Check(Graph graph, IReadOnlyDictionary<string, ReferenceTensor> data, double[] expected)
    {
        var largest = Math.Max(expected.Max(Math.Abs), 1e-3);
        var evaluated = ReferenceEvaluator.Run(graph, data)["dx"].Values;
        var run = OnnxRuntimeProgram.Run(graph, data)["dx"].Values;
        Assert.All(evaluated.Concat(run), value => Assert.True(double.IsFinite(value), $"{value} is not finite."));
        for (var element = 0; element < expected.Length; element++)
        {
            Assert.Equal(expected[element], evaluated[element], RelativeTolerance * largest);
            Assert.Equal(expected[element], run[element], RuntimeTolerance * largest);
        }
    }

    private static double[] Centred(double[] gradient, int groupSize, double epsilon) => [.. gradient.Chunk(groupSize)
        .SelectMany(group => group.Select(value => (value - group.Average()) / Math.Sqrt(epsilon)))];

    private static Tensor ToTensor(ReferenceTensor tensor) =>
        Tensor.Of(Shape.Of(tensor.Sizes), [.. tensor.Values.Select(value => (float)value)]);

    private static (Graph Graph, IReadOnlyDictionary<string, ReferenceTensor> Data) Program(
        ReferenceTensor input, Func<GraphBuilder, Value, Value> build)
    {
        var builder = new GraphBuilder("normalisation");
        var x = builder.Input("x", ElementType.Float32, Shape.Of(input.Sizes));
        var result = build(builder, x);
        var weighted = builder.Mul(result, builder.Input("w", ElementType.Float32, result.Shape));
        var loss = builder.ReduceSum(weighted, keepDimensions: false, 0, 1, 2, 3);
        builder.Output("dx", Backpropagation.Gradients(builder, loss, [x], builder.Scalar(1))[0]);
        return (builder.Build(), new Dictionary<string, ReferenceTensor> { ["x"] = input, ["w"] = Sample.Real(5, result.Shape.Sizes) });
    }
}
