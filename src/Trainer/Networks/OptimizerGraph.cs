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
    public static Graph Build(IReadOnlyList<Parameter> parameters, float momentum, float weightDecay)
    {
        var b = new GraphBuilder("optimizer");
        var learningRate = b.Input("learning_rate", ElementType.Float32, Shape.Of(1));
        var values = Inputs(b, parameters, "");
        var gradients = Inputs(b, parameters, GradientSuffix);
        var momenta = Inputs(b, parameters, MomentumSuffix);
        var updated = new List<(Value Parameter, Value Momentum)>();
        for (var index = 0; index < parameters.Count; index++)
        {
            var gradient = gradients[index];
            if (weightDecay != 0 && parameters[index].IsKernel)
                gradient = b.Add(gradient, b.Mul(values[index], b.ScalarFor(values[index], weightDecay)));
            var newMomentum = b.Add(b.Mul(momenta[index], b.ScalarFor(momenta[index], momentum)), gradient);
            updated.Add((b.Sub(values[index], b.Mul(newMomentum, OfRank(b, learningRate, newMomentum.Shape.Rank))), newMomentum));
        }
        for (var index = 0; index < parameters.Count; index++)
            b.Output(parameters[index].Name + UpdatedSuffix, updated[index].Parameter);
        for (var index = 0; index < parameters.Count; index++)
            b.Output(parameters[index].Name + MomentumSuffix + UpdatedSuffix, updated[index].Momentum);
        return b.Build();
    }

    private static Value OfRank(GraphBuilder b, Value single, int rank) =>
        single.Shape.Rank == rank ? single : b.Reshape(single, new Shape(Enumerable.Repeat((Dimension)1, rank)));

    private static List<Value> Inputs(GraphBuilder b, IReadOnlyList<Parameter> parameters, string suffix) =>
        [.. parameters.Select(parameter => b.Input(parameter.Name + suffix, ElementType.Float32, parameter.Shape))];
}
