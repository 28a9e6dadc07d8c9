using BiT.Tests.Unit.Graphs.Cases;
using BiT.Tests.Unit.Graphs.Reference;

namespace BiT.Tests.Unit.Graphs.Differentiation;

/// <summary>Every gradient rule against central differences, both in double precision on the reference evaluator.</summary>
public sealed class GradientRulesTests
{
    // A power of two, so that x + h and x - h of a float32 x are exact in a double.
    private const double Step = 1.0 / (1 << 17);

    // Error of (L(x+h) - L(x-h)) / 2h, h = 7.6e-6: truncation h^2/6 |L'''| = 1e-11 |L'''|, where |L'''| reaches 6 / 0.25^4 * 1.5 = 2300
    // (Reciprocal and Div at 0.25), 2e-8; and rounding of L, a sum of some hundred terms of size 2, 100 * 2 * 2^-53 / h = 3e-9. The
    // gradient itself holds factors rounded to float32 (1 / count of ReduceMean, epsilon), relative 2^-24 = 6e-8 each, at most three in a
    // row. Together under 3e-7 of the largest element, or of 1 where all are smaller.
    private const double Tolerance = 5e-7;

    public static TheoryData<string> Cases => OperatorCases.DifferentiableNames;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradient_OfAWeightedSum_EqualsCentralDifferences(string name)
    {
        var one = OperatorCases.Find(name);
        var program = one.WithLoss(gradients: true);
        var results = ReferenceEvaluator.Run(program.Graph, program.Data);
        for (var input = 0; input < one.Inputs.Length; input++)
        {
            if (!results.TryGetValue($"dx{input}", out var gradient))
                continue;
            var expected = CentralDifferences(one, $"x{input}");
            var tolerance = Tolerance * Math.Max(1, expected.Max(Math.Abs));
            for (var element = 0; element < expected.Length; element++)
            {
                Assert.True(Math.Abs(gradient.Values[element] - expected[element]) <= tolerance,
                    $"d loss / d x{input}[{element}]: the rule gives {gradient.Values[element]}, differences {expected[element]}, "
                    + $"tolerance {tolerance}.");
            }
        }
    }

    private static double[] CentralDifferences(OperatorCase one, string input)
    {
        var program = one.WithLoss(gradients: false);
        var element = program.Data[input];
        double LossAt(int index, double value)
        {
            var (before, data) = (element.Values[index], element.Values);
            data[index] = value;
            var loss = ReferenceEvaluator.Run(program.Graph, program.Data)["loss"].Values[0];
            data[index] = before;
            return loss;
        }
        return [.. element.Values.Select((value, index) => (LossAt(index, value + Step) - LossAt(index, value - Step)) / (2 * Step))];
    }
}
