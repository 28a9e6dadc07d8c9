using System.Diagnostics;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Graphs;
using BiT.Training.Artifacts;
using BiT.Training.Datasets;
using BiT.Training.Evaluation;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Weights;

namespace BiT.Training.Worker.Tasks;

/// <summary>What a job would cost.</summary>
internal sealed record JobCost(TimeSpan Duration, long PeakMemoryBytes, double ImagesPerSecond, long DiskBytes);

/// <summary>Measures a few photos, passes and steps of a plan with the graphs and shapes of its run, and adds up what the run makes of
/// them.</summary>
internal sealed class JobMeasurement(Workspace workspace, ArtifactCache artifacts, TrainerOptions options, CancellationToken stop)
{
    private const int SampledPhotos = 12;

    // ONNX and npz files of a version hold the weights once each, a checkpoint up to three times, and two checkpoints are kept.
    private const int VersionCopies = 2;
    private const int CheckpointCopies = 2 * 3;

    // Held at the end of a run: its first weights, its best ones, and while a checkpoint or a graph is written, two more. A head's run
    // writes the graph of its backbone too.
    private const int WeightsInMemory = 4;

    private readonly RunTimer _timer = new(stop);

    private bool UsesKernels => ManagedKernels.AreUsed(options.Runtime);

    public JobCost Measure(TrainingPlan plan, DatasetRecord dataset, WeightSet initial)
    {
        var isHead = plan.Method == "head";
        var preparation = Preparing(dataset, plan);
        var run = isHead ? Head(plan, initial) : Full(plan, initial);
        var evaluations = plan.ValidationCount == 0 ? 0 : (plan.Steps + plan.EvaluationInterval - 1) / plan.EvaluationInterval;
        var photosThroughBackbone = isHead
            ? plan.TrainCount + plan.ValidationCount
            // Every evaluation, and once more as served.
            : (evaluations + 1) * (long)plan.ValidationCount;
        // The features of heads, from photos that are resized once more.
        var photos = (long)plan.TrainCount + plan.ValidationCount;
        photosThroughBackbone += plan.HeadFirst is null ? 0 : photos;
        var preparations = 1 + (plan.HeadFirst is null ? 0 : (double)plan.TrainCount / photos) + (plan.HeadCandidate is null ? 0 : 1);
        var seconds = preparations * preparation + run.Opening + plan.Steps * run.PerStep + photosThroughBackbone * run.PerForwardPhoto + (plan.HeadCandidate is null ? 0 : photos * run.PerCandidatePhoto);
        var weights = 4L * initial.Parameters.Sum(parameter => (long)parameter.ElementCount);
        var trained = isHead ? 4L * NetworkParameters.Head(initial.Network.FeatureCount, plan.ClassCount).Sum(parameter => (long)parameter.ElementCount) : weights;
        var caches = isHead
            ? photos * (plan.Crop * plan.Crop * 3 + 4 * initial.Network.FeatureCount)
            : (long)plan.TrainCount * plan.Resize * plan.Resize * 3 + (long)plan.ValidationCount * plan.Crop * plan.Crop * 3
                + (plan.HeadFirst is null ? 0 : (long)plan.TrainCount * plan.Crop * plan.Crop * 3 + photos * 4 * initial.Network.FeatureCount + weights)
                + (plan.HeadCandidate?.Crop is { } side ? photos * (side * side * 3 + 4 * initial.Network.FeatureCount) + weights : 0);
        return new JobCost(
            TimeSpan.FromSeconds(seconds), run.PeakBytes + WeightsInMemory * weights,
            // The head's own steps take next to no time: what counts is how fast photos go through the backbone.
            isHead ? 1 / run.PerForwardPhoto : plan.BatchSize / run.PerStep,
            caches + VersionCopies * weights + CheckpointCopies * trained);
    }

    private Run Full(TrainingPlan plan, WeightSet initial)
    {
        var sizes = new TrainingGraphSizes(plan.ClassCount, plan.MicroBatchSize, plan.Crop, plan.MicroBatchesPerStep, UsesKernels);
        var start = Stopwatch.GetTimestamp();
        using var engine = Open(TrainingGraphs.Training(initial.Network, sizes), initial.Parameters, initial, plan);
        using var evaluation = new EvaluationEngine(artifacts.GetOrWrite(TrainingGraphs.Evaluation(initial.Network, sizes)), options.Runtime);
        var opening = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var perStep = Step(engine, plan);
        var perForward = plan.ValidationCount == 0 && plan.HeadFirst is null ? 0 : _timer.Fastest(() => evaluation.Run(engine.WeightValues)) / evaluation.BatchSize;
        var perCandidate = plan.HeadCandidate?.Crop is { } crop ? Forward(plan, initial, crop) : 0;
        return new Run(opening, perStep, perForward, Environment.WorkingSet) { PerCandidatePhoto = perCandidate };
    }

    private Run Head(TrainingPlan plan, WeightSet initial)
    {
        var sizes = new TrainingGraphSizes(plan.ClassCount, plan.MicroBatchSize, plan.Crop, plan.MicroBatchesPerStep, UsesKernels);
        var parameters = NetworkParameters.Head(initial.Network.FeatureCount, plan.ClassCount);
        var start = Stopwatch.GetTimestamp();
        using var engine = Open(TrainingGraphs.HeadTraining(initial.Network.FeatureCount, sizes), parameters, initial, plan);
        var opening = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var perStep = Step(engine, plan);
        var perForward = Forward(plan, initial, plan.Crop);
        return new Run(opening, perStep, perForward, Environment.WorkingSet);
    }

    private double Forward(TrainingPlan plan, WeightSet initial, int crop)
    {
        var batch = new MemoryBudget(initial.Network, plan.ClassCount, options.MemoryBytes, UsesKernels).ForwardBatch(crop);
        return new SpeedMeasurement(initial, artifacts, options.Runtime, stop).SecondsPerImage("head", crop, batch);
    }

    private TrainingEngine Open(Graph graph, IReadOnlyList<Parameter> parameters, WeightSet initial, TrainingPlan plan)
    {
        var optimizer = OptimizerGraph.Build(parameters, (float)plan.Momentum, (float)plan.WeightDecay, UsesKernels);
        var engine = new TrainingEngine(artifacts.GetOrWrite(graph), artifacts.GetOrWrite(optimizer), parameters, options.Runtime);
        for (var index = 0; index < parameters.Count; index++)
            initial[parameters[index].Name].CopyTo(engine.Weights(index));
        return engine;
    }

    private double Step(TrainingEngine engine, TrainingPlan plan)
    {
        var pass = _timer.Fastest(() => engine.AccumulateMicroBatch(1));
        var update = _timer.Fastest(() =>
        {
            engine.AccumulateMicroBatch(1);
            engine.Step(0);
        }) - pass;
        return plan.MicroBatchesPerStep * pass + Math.Max(0, update);
    }

    // A sample from the whole set, once to warm up; then as many photos at a time as threads.
    private double Preparing(DatasetRecord dataset, TrainingPlan plan)
    {
        var side = plan.Method == "head" ? plan.Crop : plan.Resize;
        var source = new PhotosOnDemand(workspace, dataset, Split.Train, side);
        var pixels = new byte[source.PhotoBytes];
        source.Read(0, pixels);
        var sample = Math.Min(SampledPhotos, source.Count);
        var start = Stopwatch.GetTimestamp();
        for (var index = 0; index < sample; index++)
        {
            stop.ThrowIfCancellationRequested();
            source.Read((int)((long)index * source.Count / sample), pixels);
        }
        var perPhoto = Stopwatch.GetElapsedTime(start).TotalSeconds / sample;
        return (plan.TrainCount + plan.ValidationCount) * perPhoto / Math.Min(options.Threads, Environment.ProcessorCount);
    }

    /// <summary>Seconds, and bytes resident behind the passes: the arena keeps what the largest of them took.</summary>
    private sealed record Run(double Opening, double PerStep, double PerForwardPhoto, long PeakBytes)
    {
        public double PerCandidatePhoto { get; init; }
    }
}
