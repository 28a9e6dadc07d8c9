using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Training.Loop;

/// <summary>Measures how fast this machine trains a network, with the graphs that training uses.</summary>
internal sealed class SpeedMeasurement(WeightSet weights, ArtifactCache artifacts, RuntimeOptions options, CancellationToken stop)
{
    // 64 images of 64 x 64, 5 of 224 x 224.
    private const int LargestMeasuredPixels = 64 * 64 * 64;
    private const int LargestInferenceBatch = 16;

    private readonly RunTimer _timer = new(stop);

    /// <summary>Seconds per image: for <c>full</c> of one forward and backward pass, for <c>head</c> of one forward pass of the backbone.
    /// As <see cref="RunTimer"/> times it.</summary>
    /// <exception cref="OperationCanceledException">Stopped; checked before each run.</exception>
    public double SecondsPerImage(string method, int crop, int microBatch) =>
        method == "head" ? Inference(crop, Math.Min(microBatch, LargestInferenceBatch)) : Training(crop, microBatch);

    private double Training(int crop, int microBatch)
    {
        // Planning is not to take minutes: beyond this many pixels a larger batch is hardly faster per image.
        microBatch = Math.Clamp(LargestMeasuredPixels / (crop * crop), 1, microBatch);
        var fused = ManagedKernels.AreUsed(options);
        var sizes = new TrainingGraphSizes(weights.ClassCount, microBatch, crop, Fused: fused);
        using var engine = new TrainingEngine(artifacts.GetOrWrite(TrainingGraphs.Training(weights.Network, sizes)),
            artifacts.GetOrWrite(OptimizerGraph.Build(weights.Parameters, 0.9f, 0, fused)), weights.Parameters, options);
        for (var index = 0; index < weights.Parameters.Count; index++)
            weights[weights.Parameters[index].Name].CopyTo(engine.Weights(index));
        return _timer.Fastest(() =>
        {
            engine.AccumulateMicroBatch(1);
            engine.Step(0);
        }) / microBatch;
    }

    private double Inference(int crop, int batch)
    {
        using var model = InferenceModel.Open(artifacts.GetOrWrite(InferenceGraph.Build(weights.WithoutHead(), crop)), options);
        var images = new byte[batch * crop * crop * 3];
        return _timer.Fastest(() => model.Run(images, batch)) / batch;
    }
}
