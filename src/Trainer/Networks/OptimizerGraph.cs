using BiT.Graphs;

namespace BiT.Training.Networks;

/// <summary>Builds the optimizer graph: SGD with momentum and weight decay.</summary>
/// <remarks>m' = momentum * m + g + weight_decay * p; p' = p - learning_rate * m'. As torch.optim.SGD without Nesterov; weight decay acts on
/// kernels only (source: big_vision, configs/bit_i1k.py wd_mults). BiT's fine-tuning has none.</remarks>
public static class OptimizerGraph
{
    public const string MomentumSuffix = ".momentum";
    public const string GradientSuffix = ".gradient";
    public const string UpdatedSuffix = ".updated";

    /// <summary>Inputs: learning_rate float32 [1]; all parameters; per parameter its gradient; per parameter its momentum. Outputs: per
    /// parameter the updated parameter, then per parameter the updated momentum.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="momentum">Factor of the previous step.</param>
    /// <param name="weightDecay">Factor of the kernels in their own gradient; 0 for none.</param>
    /// <param name="fused">As in <see cref="TrainingGraphSizes"/>.</param>
    public static Graph Build(IReadOnlyList<Parameter> parameters, float momentum, float weightDecay, bool fused = true)
    {
        var b = new GraphBuilder("optimizer") { UsesFusedOperators = fused };
        var learningRate = b.Input("learning_rate", ElementType.Float32, Shape.Of(1));
        var values = Inputs(b, parameters, "");
        var gradients = Inputs(b, parameters, GradientSuffix);
        var momenta = Inputs(b, parameters, MomentumSuffix);
        var updated = new List<(Value Parameter, Value Momentum)>();
        for (var index = 0; index < parameters.Count; index++)
        {
            var decay = parameters[index].IsKernel ? weightDecay : 0;
            updated.Add(fused
                ? b.MomentumStep(values[index], gradients[index], momenta[index], (learningRate, Single(b, momentum), Single(b, decay)))
                : PlainStep(b, values[index], gradients[index], momenta[index], (learningRate, momentum, decay)));
        }
        for (var index = 0; index < parameters.Count; index++)
            b.Output(parameters[index].Name + UpdatedSuffix, updated[index].Parameter);
        for (var index = 0; index < parameters.Count; index++)
            b.Output(parameters[index].Name + MomentumSuffix + UpdatedSuffix, updated[index].Momentum);
        return b.Build();
    }

    private static (Value Parameter, Value Momentum) PlainStep(
        GraphBuilder b, Value parameter, Value gradient, Value velocity, (Value Rate, float Momentum, float Decay) factors)
    {
        if (factors.Decay != 0)
            gradient = b.Add(gradient, b.Mul(parameter, b.ScalarFor(parameter, factors.Decay)));
        var next = b.Add(b.Mul(velocity, b.ScalarFor(velocity, factors.Momentum)), gradient);
        return (b.Sub(parameter, b.Mul(next, OfRank(b, factors.Rate, next.Shape.Rank))), next);
    }

    private static Value Single(GraphBuilder b, float value) => b.Constant(Tensor.Of(Shape.Of(1), [value]));

    private static Value OfRank(GraphBuilder b, Value single, int rank) =>
        single.Shape.Rank == rank ? single : b.Reshape(single, new Shape(Enumerable.Repeat((Dimension)1, rank)));

    private static List<Value> Inputs(GraphBuilder b, IReadOnlyList<Parameter> parameters, string suffix) =>
        [.. parameters.Select(parameter => b.Input(parameter.Name + suffix, ElementType.Float32, parameter.Shape))];
}
