using BiT.Graphs;
using BiT.Training.Artifacts;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Bench.Workloads;

/// <summary>A training step of a workload: forward and backward pass, and the optimiser's step.</summary>
internal sealed class TrainStep : ITimedForm
{
    private readonly TrainingEngine _engine;

    /// <param name="workload">What is trained.</param>
    /// <param name="fused">Fused operators with managed kernels, or plain operators without.</param>
    /// <param name="artifacts">Where the graphs are written.</param>
    public TrainStep(Workload workload, bool fused, ArtifactCache artifacts)
    {
        var weights = Initializers.Create(workload.Network, Workload.ClassCount, seed: 1);
        _engine = new TrainingEngine(artifacts.GetOrWrite(Training(workload, fused)), artifacts.GetOrWrite(Optimizer(workload, fused)),
            weights.Parameters, workload.WithKernels(fused));
        for (var index = 0; index < weights.Parameters.Count; index++)
            weights[weights.Parameters[index].Name].CopyTo(_engine.Weights(index));
        Noise.Fill(_engine.Inputs, seed: 2);
        for (var index = 0; index < workload.Batch; index++)
            (_engine.Labels[index], _engine.Permutation[index]) = (index % Workload.ClassCount, workload.Batch - 1 - index);
    }

    public static Graph Training(Workload workload, bool fused) =>
        TrainingGraphs.Training(workload.Network, new TrainingGraphSizes(Workload.ClassCount, workload.Batch, workload.Size, Fused: fused));

    public static Graph Optimizer(Workload workload, bool fused) =>
        OptimizerGraph.Build(NetworkParameters.List(workload.Network, Workload.ClassCount), 0.9f, 0, fused);

    // Rate 0: the weights stay what they are, however often it runs.
    public void Run()
    {
        Accumulate();
        Apply();
    }

    /// <summary>Forward and backward pass.</summary>
    public void Accumulate() => _engine.AccumulateMicroBatch(0.7f);

    /// <summary>Lengths of the accumulated gradient and of the weights.</summary>
    public (double Gradient, double Weights) Lengths() => (_engine.GradientNorm() ?? 0, _engine.WeightNorm());

    /// <summary>The optimiser's step.</summary>
    public void Apply() => _engine.Step(0);

    public void Dispose() => _engine.Dispose();
}
