using BiT.Graphs;
using BiT.Graphs.Differentiation;
using BiT.Tests.Unit.Graphs.Cases;
using BiT.Tests.Unit.Graphs.Reference;
using BiT.Tests.Unit.Graphs.Serialization;

namespace BiT.Tests.Unit.Graphs.Differentiation;

/// <summary>Among equal elements of a window the first in row-major order gets the whole gradient: a choice, since no difference quotient
/// exists there.</summary>
public sealed class MaxPoolTieTests
{
    [Theory]
    [InlineData(6, 6, 3, 2, 1)]
    [InlineData(7, 5, 3, 2, 1)]
    [InlineData(5, 6, 3, 2, 0)]
    [InlineData(4, 4, 2, 2, 0)]
    [InlineData(5, 5, 3, 1, 1)]
    public void Gradient_AtTies_GoesToTheFirstElement(int height, int width, int kernel, int stride, int pad)
    {
        var image = Sample.Ties(height * width, 2, 2, height, width);
        var (graph, weight) = Program(image.Sizes, kernel, stride, pad);
        var data = new Dictionary<string, ReferenceTensor> { ["x"] = image, ["w"] = weight };

        var expected = FirstWins(image, weight, kernel, stride, pad);

        // Whole weights add up without rounding, in double as in float32: the comparison is exact.
        Assert.Equal(expected, ReferenceEvaluator.Run(graph, data)["dx"].Values);
        Assert.Equal(expected, OnnxRuntimeProgram.Run(graph, data)["dx"].Values);
    }

    [Fact]
    public void Gradient_OfAConstantImage_GoesToTheFirstElementOfEachWindow()
    {
        var (graph, _) = Program([1, 1, 4, 4], kernel: 2, stride: 2, pad: 0);
        var data = new Dictionary<string, ReferenceTensor>
        {
            ["x"] = new(ElementType.Float32, [1, 1, 4, 4], new double[16]),
            ["w"] = new(ElementType.Float32, [1, 1, 2, 2], [1, 2, 3, 4]),
        };

        Assert.Equal([1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0], ReferenceEvaluator.Run(graph, data)["dx"].Values);
    }

    private static (Graph Graph, ReferenceTensor Weight) Program(long[] image, int kernel, int stride, int pad)
    {
        var builder = new GraphBuilder("pooling");
        var x = builder.Input("x", ElementType.Float32, Shape.Of(image));
        var pooled = builder.MaxPool(x, kernel, stride, [pad, pad, pad, pad]);
        var weighted = builder.Mul(pooled, builder.Input("w", ElementType.Float32, pooled.Shape));
        var loss = builder.ReduceSum(weighted, keepDimensions: false, 0, 1, 2, 3);
        builder.Output("dx", Backpropagation.Gradients(builder, loss, [x], builder.Scalar(1))[0]);
        var count = 1;
        return (builder.Build(), ReferenceTensor.Compute(ElementType.Float32, pooled.Shape.Sizes, _ => count++));
    }

    // The definition, window by window; shares nothing with the evaluator's MaxPool.
    private static double[] FirstWins(ReferenceTensor image, ReferenceTensor weight, int kernel, int stride, int pad)
    {
        var gradient = new double[image.Values.Length];
        foreach (var at in ReferenceTensor.Indices(weight.Sizes))
        {
            var window = from y in Enumerable.Range((int)at[2] * stride - pad, kernel)
                         from x in Enumerable.Range((int)at[3] * stride - pad, kernel)
                         where y >= 0 && y < image.Sizes[2] && x >= 0 && x < image.Sizes[3]
                         select image.Offset([at[0], at[1], y, x]);
            // MaxBy returns the first of equals.
            gradient[window.MaxBy(offset => image.Values[offset])] += weight.At(at);
        }
        return gradient;
    }
}
