using BiT.Core.Classification;
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
using Microsoft.ML.OnnxRuntime;
using Graph = BiT.Graphs.Graph;

namespace BiT.Training.Worker;

/// <summary>What a job made: the version to publish, and how it compares with the one behind the alias, if it is to be compared.</summary>
internal sealed record JobResult(ModelManifest Manifest, JobComparison? Comparison);

/// <summary>One attempt at one job, from its plan to the manifest of the version to publish.</summary>
internal sealed class JobRun(Workspace workspace, ArtifactCache artifacts, TrainerOptions options, JobLease lease, JobReporter reporter, DiskWait wait)
{
    private const string BestFile = "best.npz";

    // Where a run keeps its checkpoints, and the one to go on from; null at its beginning.
    private sealed record RunProgress(CheckpointFolder Checkpoints, Checkpoint? Newest);

    private readonly Publisher _publisher = new(workspace, options.ExternalDataThreshold);
    private readonly JobVersion _version = new(workspace, options, lease.JobId, reporter);
    private bool _hasToldPlan = lease.Attempt > 1;

    /// <summary>Runs the job from its newest checkpoint; may be called again after it failed for want of room.</summary>
    /// <exception cref="OperationCanceledException">The job is to stop; a checkpoint was written if there was anything to keep.</exception>
    public JobResult Run(JobRecord job)
    {
        reporter.Phase("planning");
        var dataset = JobPlanner.FindDataset(workspace, job.Spec.DatasetId);
        var planner = new JobPlanner(workspace, artifacts, options, reporter.Stop);
        var plan = planner.Plan(job, dataset);
        workspace.Jobs.SetPlan(lease, plan.ToJson());
        if (!_hasToldPlan)
        {
            foreach (var reason in plan.Reasons)
                reporter.Message(reason);
        }
        _hasToldPlan = true;
        reporter.Stop.ThrowIfCancellationRequested();
        var initial = planner.InitialWeights(plan);
        var trained = plan.Method == "head" ? RunHead(plan, dataset, initial) : RunFull(plan, dataset, initial);
        var manifest = trained with { Lineage = Lineage.With(trained.Lineage, Lineage.BaseHash, planner.BaseHash(plan)) };
        return new JobResult(manifest, job.Spec.Promotion == PromotionRule.IfBetter ? wait.Retry(() => Compare(job.Spec, dataset, manifest)) : null);
    }

    private ModelManifest RunFull(TrainingPlan plan, DatasetRecord dataset, WeightSet initial)
    {
        var photos = new JobPhotos(workspace, dataset, options, reporter);
        var progress = Progress(plan, initial.Parameters);
        var candidate = progress.Newest is null ? Candidate(plan, photos, initial) : null;
        if (candidate is not null)
            reporter.Message(FormattableString.Invariant($"A head alone, at crop {candidate.Plan.Crop}, has {candidate.Accuracy:P1} of the validation photos right."));
        LoopResult? result = null;
        try
        {
            result = TrainAll(plan, photos, initial, progress);
        }
        catch (TrainingDivergedException problem) when (plan.HeadCandidate is not null)
        {
            // Nobody asked for all weights, and the head does not need them.
            reporter.TryMessage(problem.Message);
        }
        // What was trained is in memory alone, if the last checkpoint found no room. A resumed run has no head yet.
        candidate ??= wait.Retry(() => Candidate(plan, photos, initial));
        if (candidate is not null)
            TellChoice(plan, candidate, result);
        if (result is { } all && (candidate is null || candidate.Accuracy <= all.State.BestAccuracy))
            return wait.Retry(() => _version.OfAllWeights(plan, dataset, photos, new WeightSet(initial.Network, plan.ClassCount, all.Weights), all));
        var head = candidate ?? throw new InvalidOperationException("Neither all weights nor a head were trained.");
        reporter.Published(head.Result.State);
        return wait.Retry(() =>
        {
            using var features = Features(head.Plan, photos, initial);
            return _version.OfHead(plan, head, dataset, features);
        });
    }

    // The engines' memory is free before anything else is done.
    private LoopResult TrainAll(TrainingPlan plan, JobPhotos photos, WeightSet initial, RunProgress progress)
    {
        // What a checkpoint holds goes on from a head that was trained long ago.
        if (plan.HeadFirst is { } first && progress.Newest is null)
            initial = TrainHead(first.PlanOf(plan), photos, initial).Weights;
        using var training = photos.Pixels(Split.Train, plan.Resize);
        using var validation = photos.Pixels(Split.Validation, plan.Crop);
        reporter.Phase("building graphs");
        var sizes = new TrainingGraphSizes(plan.ClassCount, plan.MicroBatchSize, plan.Crop, plan.MicroBatchesPerStep, UsesKernels);
        using var evaluation = new EvaluationEngine(artifacts.GetOrWrite(TrainingGraphs.Evaluation(initial.Network, sizes)), options.Runtime);
        return Train(plan,
            () => plan.Engine is null ? OwnEngine(plan, initial, TrainingGraphs.Training(initial.Network, sizes), initial.Parameters) : OrtEngine(plan, initial),
            progress, initial.Parameters, arrays => new WeightSet(initial.Network, plan.ClassCount, arrays),
            new AugmentedPhotos(training, plan), validation.Count > 0 ? new PhotoEvaluator(evaluation, validation) : null);
    }

    private void TellChoice(TrainingPlan plan, TrainedHead candidate, LoopResult? result)
    {
        var (alone, all) = ($"at crop {candidate.Plan.Crop}", $"at crop {plan.Crop}");
        reporter.TryMessage(result?.State.BestAccuracy switch
        {
            null => FormattableString.Invariant($"The head alone is published: {candidate.Accuracy:P1} of the validation photos right {alone}."),
            { } accuracy when accuracy < candidate.Accuracy => FormattableString.Invariant(
                $"The head alone is published: {candidate.Accuracy:P1} of the validation photos right {alone}, {accuracy:P1} with all weights {all}."),
            { } accuracy => FormattableString.Invariant(
                $"All weights are published: {accuracy:P1} of the validation photos right {all}, {candidate.Accuracy:P1} with the head alone {alone}."),
        });
    }

    private ModelManifest RunHead(TrainingPlan plan, DatasetRecord dataset, WeightSet initial)
    {
        var photos = new JobPhotos(workspace, dataset, options, reporter);
        using var features = Features(plan, photos, initial);
        reporter.Phase("building graphs");
        var head = HeadParameters(initial, plan);
        var result = Train(plan, () => HeadEngine(plan, initial, features.Scale), Progress(plan, head), head, WeightsOf, features.Stream(plan), features.Evaluator);
        return wait.Retry(() => _version.OfHead(plan, new TrainedHead(plan, result, WeightsOf(result.Weights)), dataset, features));

        WeightSet WeightsOf(IReadOnlyDictionary<string, float[]> arrays) => WithHead(initial, plan, arrays, features.Scale);
    }

    // Seconds: nothing is kept of it but the features, and an interrupted job does it again.
    private TrainedHead TrainHead(TrainingPlan plan, JobPhotos photos, WeightSet initial)
    {
        using var features = Features(plan, photos, initial);
        reporter.Phase("training the head");
        using var engine = HeadEngine(plan, initial, features.Scale);
        var inputs = new LoopInputs
        {
            Plan = plan,
            Parameters = HeadParameters(initial, plan),
            Stream = features.Stream(plan),
            Evaluator = features.Evaluator,
            Checkpoints = null,
            Observer = new SilentObserver(),
        };
        var result = new TrainingLoop(inputs, engine).Run(resumed: null, reporter.Stop);
        return new TrainedHead(plan, result, WithHead(initial, plan, result.Weights, features.Scale));
    }

    // A resumed run trains it when it is needed: it is the same again, to the bit.
    private TrainedHead? Candidate(TrainingPlan plan, JobPhotos photos, WeightSet initial) =>
        plan.HeadCandidate is { } phase ? TrainHead(phase.PlanOf(plan), photos, initial) : null;

    private HeadFeatures Features(TrainingPlan plan, JobPhotos photos, WeightSet weights) =>
        new(photos, _publisher.StoreInferenceGraph(weights.WithoutHead(), plan.Crop, labels: null), plan, reporter);

    private static IReadOnlyList<Parameter> HeadParameters(WeightSet weights, TrainingPlan plan) =>
        NetworkParameters.Head(weights.Network.FeatureCount, plan.ClassCount);

    // From the network's weights to the head's parameters, and back: what is trained between is the head of standardised features.
    private ITrainingEngine HeadEngine(TrainingPlan plan, WeightSet initial, FeatureScale? scale)
    {
        if (scale is not null)
        {
            var (kernel, bias) = scale.Unfold(initial[NetworkParameters.HeadKernelName], initial[NetworkParameters.HeadBiasName]);
            initial = initial.WithHead(plan.ClassCount, kernel, bias);
        }
        var graph = TrainingGraphs.HeadTraining(
            initial.Network.FeatureCount, new TrainingGraphSizes(plan.ClassCount, plan.MicroBatchSize, plan.Crop, plan.MicroBatchesPerStep, UsesKernels));
        return OwnEngine(plan, initial, graph, HeadParameters(initial, plan));
    }

    private static WeightSet WithHead(WeightSet backbone, TrainingPlan plan, IReadOnlyDictionary<string, float[]> trained, FeatureScale? scale)
    {
        var (kernel, bias) = (trained[NetworkParameters.HeadKernelName], trained[NetworkParameters.HeadBiasName]);
        if (scale is not null)
            (kernel, bias) = scale.Fold(kernel, bias);
        return backbone.WithHead(plan.ClassCount, kernel, bias);
    }

    private bool UsesKernels => ManagedKernels.AreUsed(options.Runtime);

    private RunProgress Progress(TrainingPlan plan, IReadOnlyList<Parameter> parameters)
    {
        var checkpoints = new CheckpointFolder(workspace.JobFolder(lease.JobId), lease.Attempt, plan.Hash, Fingerprint.Of(options.Runtime));
        return new RunProgress(checkpoints, checkpoints.LoadNewest(parameters, reporter.Message));
    }

    // The engine's memory is free before anything is published.
    private LoopResult Train(
        TrainingPlan plan, Func<ITrainingEngine> openEngine, RunProgress progress, IReadOnlyList<Parameter> parameters,
        Func<IReadOnlyDictionary<string, float[]>, WeightSet> weightsOf, ITrainingStream stream, IEvaluator? evaluator)
    {
        using var engine = openEngine();
        if (progress.Newest is { } resumed)
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
                Checkpoints = progress.Checkpoints,
                Observer = reporter,
                CheckpointInterval = options.CheckpointInterval,
            },
            engine);
        try
        {
            var result = loop.Run(progress.Newest, reporter.Stop);
            reporter.Trained(result.State);
            return result;
        }
        catch (TrainingDivergedException problem)
        {
            reporter.Now();
            if (loop.Best is not { } best)
                throw;
            throw new TrainingDivergedException($"{problem.Message} {Keep(best, weightsOf)}");
        }
    }

    // Hours of training must not be lost for its last minutes: what was good is kept in a form that can be imported.
    private string Keep(BestWeights best, Func<IReadOnlyDictionary<string, float[]>, WeightSet> weightsOf)
    {
        var weights = weightsOf(best.Arrays);
        reporter.RequireLease();
        var path = Path.Combine(workspace.AttemptFolder(lease), BestFile);
        wait.Retry(() =>
        {
            NpzWeights.Write(path + ".tmp", weights);
            DurableFile.Replace(path + ".tmp", path);
            return true;
        });
        return FormattableString.Invariant($"The best weights before that ({best.Accuracy:P1} of the validation photos right, at step {best.Step}) are kept in the workspace, ")
            + $"{Path.GetRelativePath(workspace.Path, path)}: `bit models import` makes a version of them.";
    }

    private ITrainingEngine OwnEngine(TrainingPlan plan, WeightSet initial, Graph graph, IReadOnlyList<Parameter> parameters)
    {
        var optimizer = OptimizerGraph.Build(parameters, (float)plan.Momentum, (float)plan.WeightDecay, UsesKernels);
        var engine = new TrainingEngine(artifacts.GetOrWrite(graph), artifacts.GetOrWrite(optimizer), parameters, options.Runtime);
        for (var index = 0; index < parameters.Count; index++)
            initial[parameters[index].Name].CopyTo(engine.Weights(index));
        return engine;
    }

    private ITrainingEngine OrtEngine(TrainingPlan plan, WeightSet initial) => new OrtTrainingEngine(
        initial, new TrainingGraphSizes(plan.ClassCount, plan.MicroBatchSize, plan.Crop, plan.MicroBatchesPerStep),
        Path.Combine(workspace.JobFolder(lease.JobId), $"ort-training-{lease.Attempt}"), options.Runtime);

    private int CountCorrect(ModelManifest manifest, DatasetRecord dataset, PhotoPixels photos)
    {
        using var version = ServedVersion.Open(workspace.Blobs, manifest, options.Runtime, reporter.Message);
        return version.CountCorrect(photos, dataset.Labels, manifest.Labels, reporter.Stop);
    }

    // Both versions are measured anew, by the same code on the same photos; each at its own input size.
    private JobComparison Compare(FineTuneSpec spec, DatasetRecord dataset, ModelManifest manifest)
    {
        reporter.Phase("comparing");
        var photoCount = dataset.Photos.Count(photo => photo.Split == Split.Validation);
        var previous = workspace.Models.Resolve(spec.ModelId, spec.PromotionAlias ?? FineTuneSpec.DefaultPromotionAlias);
        var comparison = new JobComparison { PhotoCount = photoCount, Previous = previous?.Id };
        if (photoCount == 0 || previous is null)
            return comparison;
        var all = new JobPhotos(workspace, dataset, options, reporter);
        using var photos = all.Pixels(Split.Validation, manifest.InputSize);
        comparison = comparison with
        {
            NewCorrect = CountCorrect(manifest, dataset, photos),
            MissingClasses = [.. dataset.Labels.Except(previous.Manifest.Labels, StringComparer.Ordinal)],
        };
        try
        {
            using var ownPhotos = all.Pixels(Split.Validation, previous.Manifest.InputSize);
            reporter.Phase("comparing");
            return comparison with { PreviousCorrect = CountCorrect(previous.Manifest, dataset, ownPhotos) };
        }
        catch (Exception problem) when (problem is InvalidDataException or BlobNotFoundException or BlobCorruptException or OnnxRuntimeException)
        {
            // The new version is good all the same: it is published, and whoever promotes reads why nothing was compared.
            return comparison with { Problem = problem.Message };
        }
    }
}
