using BiT.Graphs;
using BiT.Graphs.Fused;
using BiT.Tests.Unit.Graphs.Cases;
using BiT.Tests.Unit.Graphs.Reference;

namespace BiT.Tests.Unit.Graphs.Serialization;

/// <summary>The written bytes mean to stock ONNX Runtime what the builder and the reference evaluator mean: results and gradients of every
/// operator case.</summary>
public sealed class OnnxRuntimeAgreementTests
{
    // ONNX Runtime computes in float32. A result is a sum of at most some 150 rounded products (7x7 kernels over 2 channels, gradients
    // over 128 positions) behind at most ten further roundings; the errors are at most 160 * 2^-24 = 1e-5 of the largest magnitude that
    // occurs, and 3 times that where a normalisation divides by a deviation around 1/3.
    private const double Tolerance = 3e-5;

    public static TheoryData<string> Cases => OperatorCases.Names;

    public static TheoryData<string> DifferentiableCases => OperatorCases.DifferentiableNames;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Result_OfEveryOperator_EqualsTheEvaluators(string name)
    {
        var one = OperatorCases.Find(name);
        Compare(new CaseProgram(one.Forward(), one.Data()));
    }

    [Theory]
    [MemberData(nameof(DifferentiableCases))]
    public void Gradients_OfEveryRule_EqualTheEvaluators(string name) => Compare(OperatorCases.Find(name).WithLoss(gradients: true));

    [Theory]
    [MemberData(nameof(DifferentiableCases))]
    public void Gradients_WithFusedOperators_EqualTheEvaluators(string name) =>
        Compare(OperatorCases.Find(name).WithLoss(gradients: true, fused: true));

    private static void Compare(CaseProgram program)
    {
        var expected = ReferenceEvaluator.Run(program.Graph, program.Data);
        Compare(expected, OnnxRuntimeProgram.Run(program.Graph, program.Data));
        if (program.Graph.Nodes.Any(node => FusedOperators.Contains(node.Operator)))
            Compare(expected, OnnxRuntimeProgram.Run(program.Graph, program.Data, withKernels: true));
    }

    private static void Compare(IReadOnlyDictionary<string, ReferenceTensor> expected, IReadOnlyDictionary<string, ReferenceTensor> actual)
    {
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach (var (name, reference) in expected)
        {
            Assert.Equal(reference.Type, actual[name].Type);
            Assert.Equal(reference.Sizes, actual[name].Sizes);
            var tolerance = reference.Type == ElementType.Float32 ? Tolerance * Math.Max(1, reference.Values.Max(Math.Abs)) : 0;
            for (var element = 0; element < reference.Values.Length; element++)
            {
                Assert.True(Math.Abs(reference.Values[element] - actual[name].Values[element]) <= tolerance,
                    $"{name}[{element}]: the evaluator gives {reference.Values[element]}, "
                    + $"ONNX Runtime {actual[name].Values[element]}, tolerance {tolerance}.");
            }
        }
    }
}
