using System.Text.Json;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Datasets;
using BiT.Training.Evaluation;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Publishing;
using BiT.Training.Weights;

namespace BiT.Training.Worker;

/// <summary>One attempt at one job, from its plan to the manifest of the version to publish.</summary>
internal sealed class JobRun(Workspace workspace, ArtifactCache artifacts, TrainerOptions options, JobLease lease, JobReporter reporter)
{
    private readonly Publisher _publisher = new(workspace, options.ExternalDataThreshold);

    /// <exception cref="OperationCanceledException">The job is to stop; a checkpoint was written if there was anything to keep.</exception>
    public ModelManifest Run(JobRecord job)
    {
        reporter.Phase("planning");
        var dataset = workspace.Datasets.Find(job.Spec.DatasetId)
            ?? throw new StoreNotFoundException($"Data set {job.Spec.DatasetId} does not exist (any more). Upload it again and submit the job anew.");
        var planner = new JobPlanner(workspace, artifacts, options);
        var plan = planner.Plan(job, dataset);
        workspace.Jobs.SetPlan(lease, plan.ToJson());
        if (lease.Attempt == 1)
        {
            foreach (var reason in plan.Reasons)
                reporter.Message(reason);
        }
        var initial = planner.InitialWeights(plan);
        return plan.Method == "head" ? RunHead(plan, dataset, initial) : RunFull(plan, dataset, initial);
    }

    private ModelManifest RunFull(TrainingPlan plan, DatasetRecord dataset, WeightSet initial)
    {
        using var training = Pixels(dataset, Split.Train, plan.Resize);
        using var validation = Pixels(dataset, Split.Validation, plan.Crop);
        reporter.Phase("building graphs");
        var sizes = new TrainingGraphSizes(plan.ClassCount, plan.MicroBatchSize, plan.Crop, plan.MicroBatchesPerStep);
        using var evaluation = new EvaluationEngine(artifacts.GetOrWrite(TrainingGraphs.Evaluation(initial.Network, sizes)), options.Runtime);
        var result = Train(plan, initial, TrainingGraphs.Training(initial.Network, sizes), initial.Parameters,
            new AugmentedPhotos(training, plan), validation.Count > 0 ? new PhotoEvaluator(evaluation, validation) : null);

        var weights = new WeightSet(initial.Network, plan.ClassCount, result.Weights);
        var graph = _publisher.StoreInferenceGraph(weights, plan.Crop, plan.Labels);
        return Manifest(plan, result.State) with
        {
            InferenceGraph = graph.Model,
            InferenceGraphData = graph.Data,
            Weights = _publisher.StoreWeights(weights),
            ValidationAccuracy = validation.Count > 0 ? AccuracyAsServed(graph, validation) : null,
        };
    }

    private ModelManifest RunHead(TrainingPlan plan, DatasetRecord dataset, WeightSet initial)
    {
        using var training = Pixels(dataset, Split.Train, plan.Crop);
        using var validation = Pixels(dataset, Split.Validation, plan.Crop);
        var backbone = initial.WithoutHead();
        var graph = _publisher.StoreInferenceGraph(backbone, plan.Crop, labels: null);
        using var trainingFeatures = Features(dataset, Split.Train, training, graph, plan);
        using var validationFeatures = Features(dataset, Split.Validation, validation, graph, plan);
        reporter.Phase("building graphs");
        var head = NetworkParameters.Head(backbone.Network.FeatureCount, plan.ClassCount);
        var sizes = new TrainingGraphSizes(plan.ClassCount, plan.MicroBatchSize, plan.Crop, plan.MicroBatchesPerStep);
        var result = Train(plan, initial, TrainingGraphs.HeadTraining(backbone.Network.FeatureCount, sizes), head,
            new StoredFeatures(trainingFeatures, training.Labels, plan),
            validation.Count > 0 ? new FeatureEvaluator(validationFeatures, validation.Labels) : null);

        var weights = backbone.WithHead(plan.ClassCount, result.Weights[NetworkParameters.HeadKernelName], result.Weights[NetworkParameters.HeadBiasName]);
        return Manifest(plan, result.State) with
        {
            InferenceGraph = graph.Model,
            InferenceGraphData = graph.Data,
            Weights = _publisher.StoreWeights(backbone),
            Head = _publisher.StoreHead(weights),
            ValidationAccuracy = result.State.BestAccuracy,
        };
    }

    private LoopResult Train(
        TrainingPlan plan, WeightSet initial, Graphs.Graph graph, IReadOnlyList<Parameter> parameters, ITrainingStream stream, IEvaluator? evaluator)
    {
        var checkpoints = new CheckpointFolder(workspace.JobFolder(lease.JobId), lease.Attempt, plan.Hash, Fingerprint.Of(options.Runtime));
        var optimizer = OptimizerGraph.Build(parameters, (float)plan.Momentum, (float)plan.WeightDecay);
        using var engine = new TrainingEngine(artifacts.GetOrWrite(graph), artifacts.GetOrWrite(optimizer), parameters, options.Runtime);
        for (var index = 0; index < parameters.Count; index++)
            initial[parameters[index].Name].CopyTo(engine.Weights(index));
        var resumed = checkpoints.LoadNewest(parameters, reporter.Message);
        if (resumed is not null)
        {
            reporter.Resumed(resumed.State, plan.Steps);
            reporter.Message($"Resumed at step {resumed.State.Step} of {plan.Steps}.");
        }
        reporter.Phase("training");
        var loop = new TrainingLoop(
            new LoopInputs
            {
                Plan = plan,
                Parameters = parameters,
                Stream = stream,
                Evaluator = evaluator,
                Checkpoints = checkpoints,
                Observer = reporter,
                CheckpointInterval = options.CheckpointInterval,
            },
            engine);
        var result = loop.Run(resumed, reporter.Stop);
        reporter.Trained(result.State);
        return result;
    }

    private PhotoPixels Pixels(DatasetRecord dataset, Split split, int side)
    {
        var total = dataset.Photos.Count(photo => photo.Split == split);
        return PhotoPixels.Prepare(workspace, dataset, split, side, options.Threads,
            done => reporter.Photos("preparing photos", done, total), reporter.Stop);
    }

    private RecordFile Features(DatasetRecord dataset, Split split, PhotoPixels photos, GraphBlobs graph, TrainingPlan plan)
    {
        var network = BitNetwork.ByName(plan.Network);
        var batch = new MemoryBudget(network, plan.ClassCount, options.MemoryBytes).ForwardBatch(plan.Crop);
        var path = Path.Combine(workspace.CacheFolder, $"features-{dataset.Id[..32]}-{split.ToString().ToLowerInvariant()}-{graph.Model[..32]}.f32");
        return PhotoFeatures.Compute(
            path, photos, () => StoredGraph.Open(workspace.Blobs, graph, options.Runtime, reporter.Message), network.FeatureCount, batch,
            done => reporter.Photos("computing features", done, photos.Count), reporter.Stop);
    }

    // What is published is what was measured: the stored file, run as the server runs it.
    private double AccuracyAsServed(GraphBlobs graph, PhotoPixels photos)
    {
        const int batchSize = 16;
        using var model = StoredGraph.Open(workspace.Blobs, graph, options.Runtime, reporter.Message);
        var pixels = new byte[batchSize * photos.PhotoBytes];
        var score = new Score();
        for (var start = 0; start < photos.Count; start += batchSize)
        {
            var count = Math.Min(batchSize, photos.Count - start);
            for (var item = 0; item < count; item++)
                photos.Read(start + item, pixels.AsSpan(item * photos.PhotoBytes, photos.PhotoBytes));
            var logits = model.Run(pixels, count).Logits;
            for (var item = 0; item < count; item++)
                score.Add(logits.AsSpan(item * model.ClassCount, model.ClassCount), photos.Labels[start + item]);
        }
        return score.At(0).Accuracy;
    }

    private ModelManifest Manifest(TrainingPlan plan, TrainingState state) => new()
    {
        Method = plan.Method,
        Network = plan.Network,
        Labels = plan.Labels,
        InputSize = plan.Crop,
        InferenceGraph = "",
        Weights = "",
        JobId = lease.JobId,
        DatasetId = plan.DatasetId,
        Lineage = new Dictionary<string, string>
        {
            ["plan"] = plan.ToJson(),
            ["planHash"] = JsonSerializer.Serialize(plan.Hash),
            ["fingerprint"] = JsonSerializer.Serialize(Fingerprint.Of(options.Runtime)),
            ["bestStep"] = JsonSerializer.Serialize(state.BestStep),
            ["evaluations"] = JsonSerializer.Serialize(state.Evaluations, JsonSerializerOptions.Web),
            ["losses"] = JsonSerializer.Serialize(state.Losses, JsonSerializerOptions.Web),
        },
    };
}
