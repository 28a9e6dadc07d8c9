using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Datasets;
using BiT.Training.Evaluation;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Weights;

namespace BiT.Bench.Workloads;

/// <summary>Some steps of the training loop of a job, from resized photos on disk: reading, cropping, mirroring, MixUp, and the step.</summary>
internal sealed class LoopRun : ITimedForm, ILoopObserver
{
    private const int PhotoCount = 512;

    private readonly NoisePhotos _photos;
    private readonly TrainingEngine _engine;
    private readonly LoopInputs _inputs;

    public LoopRun(Workload workload, int steps, ArtifactCache artifacts, string folder)
    {
        var weights = Initializers.Create(workload.Network, Workload.ClassCount, seed: 1);
        // HyperRule's 512 for a crop of 448.
        _photos = new NoisePhotos(Path.Combine(folder, "photos.rgb"), PhotoCount, workload.Size * 8 / 7);
        _engine = new TrainingEngine(artifacts.GetOrWrite(TrainStep.Training(workload, fused: true)), artifacts.GetOrWrite(TrainStep.Optimizer(workload, fused: true)),
            weights.Parameters, workload.WithKernels(managed: true));
        for (var index = 0; index < weights.Parameters.Count; index++)
            weights[weights.Parameters[index].Name].CopyTo(_engine.Weights(index));
        var plan = Plan(workload, _photos.Side, steps);
        _inputs = new LoopInputs
        {
            Plan = plan,
            Parameters = weights.Parameters,
            Stream = new AugmentedPhotos(_photos, plan),
            Evaluator = null,
            Checkpoints = new CheckpointFolder(folder, attempt: 1, plan.Hash, fingerprint: "bench"),
            Observer = this,
            SavesAtEnd = false,
        };
    }

    /// <summary>How long all runs waited for micro-batches, less what the first one of each run waited: nothing can be ready before it begins.</summary>
    public TimeSpan DataWait { get; private set; }

    public void Run() => new TrainingLoop(_inputs, _engine).Run(resumed: null, CancellationToken.None);

    public void OnMicroBatch(LoopProgress progress) => DataWait += progress.Step == 0 ? TimeSpan.Zero : progress.DataWait;

    public void OnEvaluating(long step)
    {
    }

    public void OnEvaluated(EvaluationPoint point, bool isBest)
    {
    }

    public void OnCheckpointing()
    {
    }

    public void OnCheckpoint(string path)
    {
    }

    public void OnCheckpointFailed(Exception problem) => throw new IOException("A checkpoint could not be written.", problem);

    public void Dispose()
    {
        _engine.Dispose();
        _photos.Dispose();
    }

    private static TrainingPlan Plan(Workload workload, int side, int steps) => new()
    {
        Method = "full",
        Recipe = "bench",
        Network = workload.Network.Name,
        DatasetId = "noise",
        Labels = [.. Enumerable.Range(0, Workload.ClassCount).Select(index => $"class {index}")],
        TrainCount = PhotoCount,
        ValidationCount = 0,
        MedianArea = (long)side * side,
        Resize = side,
        Crop = workload.Size,
        BatchSize = workload.Batch,
        MicroBatchSize = workload.Batch,
        // A rate that hardly trains: noise has nothing to teach.
        Schedule = LearningRateSchedule.Cosine(1e-6, 0, steps),
        Momentum = 0.9,
        WeightDecay = 0,
        MixupAlpha = 0.1,
        EvaluationInterval = steps,
        EarlyStoppingPatience = 0,
        Seed = 1,
        Reasons = [],
    };
}
