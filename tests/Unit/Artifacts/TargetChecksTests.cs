using BiT.Graphs;
using BiT.Training.Artifacts;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Artifacts;

/// <summary>What ONNX Runtime Training does not notice is refused before anything is written.</summary>
public sealed class TargetChecksTests
{
    private static readonly Shape Square = Shape.Of(2, 2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GraphsOfTheGenerator_ForOrtTraining_Pass(bool trainingGradients)
    {
        var sizes = new TrainingGraphSizes(3, 2, 32) { OrtTraining = new OrtTrainingForm { UsesTrainingGradients = trainingGradients, Mixes = true, HasProbes = true } };
        var network = BitNetwork.ByName("bit-tiny");

        new TargetChecks(TargetRuntime.OrtTraining, TrainingGraphs.Training(network, sizes), TrainingGraphs.Evaluation(network, sizes)).Run();
    }

    [Fact]
    public void GraphsWithFusedOperators_ForOrtTraining_AreRefused()
    {
        var sizes = new TrainingGraphSizes(3, 2, 32);
        var network = BitNetwork.ByName("bit-tiny");

        var problem = Assert.Throws<ArtifactException>(
            () => new TargetChecks(TargetRuntime.OrtTraining, TrainingGraphs.Training(network, sizes), TrainingGraphs.Evaluation(network, sizes)).Run());

        Assert.Contains("for which ort-training has no kernel", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ParametersOfEqualShape_InAnotherOrderForEvaluation_AreRefused() =>
        AssertRefused("in another order for evaluation than for training, from 'q' in the place of 'p'", Training(), Evaluation("q", "p"));

    [Fact]
    public void Parameter_MissingInEvaluation_IsRefused() => AssertRefused("in another order for evaluation", Training(), Evaluation("p"));

    [Fact]
    public void ParameterOfAnotherShape_ForEvaluation_IsRefused() =>
        AssertRefused("q: float32[4] for evaluation", Training(), Evaluation(("p", Square), ("q", Shape.Of(4))));

    [Fact]
    public void Buffers_InAnotherOrderThanTheParameters_AreRefused() =>
        AssertRefused("training inputs that end with 'p' in the place of 'q'", Training(buffers: ["q", "p"]), Evaluation("p", "q"));

    [Fact]
    public void Buffer_OfAnotherShapeThanItsParameter_IsRefused() =>
        AssertRefused("has the buffer p_grad.accumulation.buffer: float32[4] for p: float32[2,2]", Training(bufferShape: Shape.Of(4)), Evaluation("p", "q"));

    [Fact]
    public void UserInput_ThatEndsInGrad_IsRefused() =>
        AssertRefused("a user input 'x_grad'", Training(user: "x_grad"), Evaluation("p", "q"));

    [Fact]
    public void Output_BeforeTheLoss_IsRefused() => AssertRefused("has score as the first output", Training(loss: "score"), Evaluation("p", "q"));

    [Fact]
    public void Gradient_ThatReachesNoBuffer_IsRefused() =>
        AssertRefused("adds to q_grad.accumulation.buffer 0 times; expected once", Training(accumulated: ["p"]), Evaluation("p", "q"));

    [Theory]
    [InlineData(21, 10, null)]
    [InlineData(22, 10, "has opset 22; ort-training 1.19.2 reads up to 21")]
    [InlineData(21, 11, "has ONNX IR version 11; ort-training 1.19.2 reads up to 10")]
    public void Versions_OfTheFiles_AreThoseThatTheTargetReads(int opset, int irVersion, string? problem)
    {
        var checks = new TargetChecks(TargetRuntime.OrtTraining, Training(), Evaluation("p", "q"));

        var thrown = Record.Exception(() => checks.Run(opset, irVersion));

        Assert.Equal(problem is null, thrown is null);
        Assert.Contains(problem ?? "", thrown?.Message ?? "", StringComparison.Ordinal);
    }

    private static void AssertRefused(string problem, Graph training, Graph evaluation)
    {
        var thrown = Assert.Throws<ArtifactException>(() => new TargetChecks(TargetRuntime.OrtTraining, training, evaluation).Run());
        Assert.Contains(problem, thrown.Message, StringComparison.Ordinal);
    }

    // loss = sum of p * q * x; the gradients stand for themselves.
    private static Graph Training(string user = "x", string[]? buffers = null, Shape? bufferShape = null, string loss = "loss", string[]? accumulated = null)
    {
        var b = new GraphBuilder("training");
        var x = b.Input(user, ElementType.Float32, Square);
        var parameters = new Dictionary<string, Value> { ["p"] = b.Input("p", ElementType.Float32, Square), ["q"] = b.Input("q", ElementType.Float32, Square) };
        var inputs = (buffers ?? ["p", "q"]).ToDictionary(name => name, name => b.Input(name + TrainingGraphs.BufferSuffix, ElementType.Float32, bufferShape ?? Square));
        var reset = b.Input("lazy_reset_grad", ElementType.Bool, Shape.Of(1));
        b.Output(loss, b.ReduceSum(b.Mul(x, b.Mul(parameters["p"], parameters["q"])), keepDimensions: false, 0, 1));
        foreach (var name in accumulated ?? ["p", "q"])
        {
            var gradient = bufferShape is null ? b.Mul(x, parameters[name]) : b.Reshape(b.Mul(x, parameters[name]), bufferShape);
            b.Output(name + TrainingGraphs.AccumulatedSuffix, b.AccumulateInPlace(inputs[name], gradient, reset));
        }
        return b.Build();
    }

    private static Graph Evaluation(params string[] parameters) => Evaluation([.. parameters.Select(name => (name, Square))]);

    private static Graph Evaluation(params (string Name, Shape Shape)[] parameters)
    {
        var b = new GraphBuilder("evaluation");
        b.Input("x", ElementType.Float32, Square);
        var sums = parameters.Select(parameter => b.ReduceSum(b.Reshape(b.Input(parameter.Name, ElementType.Float32, parameter.Shape), Shape.Of(4)), keepDimensions: false, 0)).ToArray();
        b.Output("loss", sums.Aggregate(b.Add));
        return b.Build();
    }
}
