using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.OrtTraining;

/// <summary>Our own engine on a judged network, with all parameters in one array as ONNX Runtime Training has them.</summary>
internal sealed class OwnEngine : IDisposable
{
    private readonly WeightSet _weights;
    private readonly TrainingEngine _engine;

    public OwnEngine(JudgedNetwork judged, string folder, int accumulationSteps)
    {
        _weights = judged.Weights();
        var cache = new ArtifactCache(folder);
        var sizes = new TrainingGraphSizes(JudgedNetwork.Classes, JudgedNetwork.Batch, judged.Size, accumulationSteps, Fused: false);
        _engine = new TrainingEngine(cache.GetOrWrite(TrainingGraphs.Training(judged.Network, sizes)),
            cache.GetOrWrite(OptimizerGraph.Build(_weights.Parameters, OrtOptimizerGraph.Momentum, weightDecay: 0, fused: false)),
            _weights.Parameters, new RuntimeOptions { ManagedKernels = false });
        for (var index = 0; index < _weights.Parameters.Count; index++)
            _weights[_weights.Parameters[index].Name].CopyTo(_engine.Weights(index));
    }

    public IReadOnlyList<Parameter> Parameters => _weights.Parameters;

    public float[] Weights => All(index => _engine.Weights(index));

    public float[] Gradients => All(index => _engine.Gradients(index));

    public float Train(MicroBatchData batch, bool isMixed = false)
    {
        batch.Images.CopyTo(_engine.Inputs);
        batch.Labels.CopyTo(_engine.Labels);
        batch.Permutation.CopyTo(_engine.Permutation);
        return _engine.AccumulateMicroBatch(isMixed ? batch.Lambda : 1);
    }

    public void Step(double rate) => _engine.Step((float)rate);

    public RunPoint Point(long step) => new(
        new WeightSet(_weights.Network, _weights.ClassCount, ByName(index => _engine.Weights(index))), ByName(index => _engine.Momenta(index)), step);

    public void Dispose() => _engine.Dispose();

    private delegate ReadOnlySpan<float> ArrayOf(int index);

    private float[] All(ArrayOf arrays) => [.. Enumerable.Range(0, Parameters.Count).SelectMany(index => arrays(index).ToArray())];

    private Dictionary<string, float[]> ByName(ArrayOf arrays) =>
        Enumerable.Range(0, Parameters.Count).ToDictionary(index => Parameters[index].Name, index => arrays(index).ToArray());
}
