using BiT.Graphs;
using BiT.Graphs.Operators;
using BiT.Graphs.Serialization;

namespace BiT.Tests.Unit.Graphs.Operators;

/// <summary>Operators that only ONNX Runtime Training runs. What they compute is judged by the real runtime: OrtTraining/JudgeTests.</summary>
public sealed class TrainingOperatorsTests
{
    private static readonly Dictionary<string, (string Problem, Action<GraphBuilder> Build)> Refused = new()
    {
        ["buffer"] = ("takes [3] as input 1; got [2]", b => b.AccumulateInPlace(b.Input("3"), b.Input("2"), b.Input("1", ElementType.Bool))),
        ["reset"] = ("takes [1] as input 2; got [2]", b => b.AccumulateInPlace(b.Input("3"), b.Input("3"), b.Input("2", ElementType.Bool))),
        ["labels"] = ("takes [2] as input 1; got [3]", b => b.SoftmaxCrossEntropyLoss(b.Input("2,4"), b.Input("3", ElementType.Int64))),
        ["relu"] = ("takes [2] as input 1; got [3]", b => b.Append("ReluGrad", [b.Input("2"), b.Input("3")])),
        ["convolution"] = ("takes [1,2,4,4] as input 0; got [1,2,3,3]", b => b.Append("ConvGrad", [b.Input("1,2,3,3"), b.Input("1,5,4,4"), b.Input("2,5,1,1")])),
        ["indices"] = ("takes the indices of a MaxPool", b => b.Append("MaxPoolGrad", [b.Input("1,1,2,2"), b.Input("1,1,2,2", ElementType.Int64)])),
        ["a sequence for a tensor"] = ("takes tensors, not sequences", b => b.Add(b.SequenceInput("s", ElementType.Float32), b.Input("2"))),
        ["a tensor for a sequence"] = ("takes sequences as inputs 1 to 2", b => b.SgdStep(b.Input("1"), b.Input("2"), b.SequenceInput("s", ElementType.Float32))),
        ["a sequence as output"] = ("takes tensors, not sequences", b => b.Output("y", b.SequenceInput("s", ElementType.Float32))),
    };

    public static TheoryData<string> Refusals => [.. Refused.Keys];

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Operator_WithInputsThatDoNotFit_IsRefused(string what)
    {
        var problem = Assert.Throws<GraphException>(() => Refused[what].Build(new GraphBuilder("test")));
        Assert.Contains(Refused[what].Problem, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Operators_OfTheTrainingBuilds_AreNoneThatEveryRuntimeHas() => Assert.Empty(TrainingOperators.Names.Intersect(OperatorSet.Names));

    // One in ONNX's own domain too: programs from outside are of what every runtime runs and this project writes for them.
    [Fact]
    public void File_WithSuchAnOperator_IsNotReadBack()
    {
        var b = new GraphBuilder("test");
        var x = b.Input("x", ElementType.Float32, Shape.Of(1, 1, 4, 4));
        var pooling = b.Append("MaxPool", [x], Attributes.None.With("kernel_shape", 2, 2).With("strides", 2, 2)).Outputs;
        b.Output("y", b.Append("MaxPoolGrad", [pooling[0], pooling[1]]).Outputs[0]);

        Assert.Throws<GraphException>(() => OnnxReader.FromBytes(OnnxWriter.ToBytes(b.Build())));
    }
}
