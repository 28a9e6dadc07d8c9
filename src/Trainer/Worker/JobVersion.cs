using System.Runtime.InteropServices;
using System.Text.Json;
using BiT.Core.Classification;
using BiT.Core.Reports;
using BiT.Core.Store;
using BiT.Training.Checkpoints;
using BiT.Training.Datasets;
using BiT.Training.Evaluation;
using BiT.Training.Loop;
using BiT.Training.Planning;
using BiT.Training.Publishing;
using BiT.Training.Weights;

namespace BiT.Training.Worker;

/// <summary>A head that was trained alone.</summary>
/// <param name="Plan">What it was trained by.</param>
/// <param name="Result">What came out.</param>
/// <param name="Weights">The network with it.</param>
internal sealed record TrainedHead(TrainingPlan Plan, LoopResult Result, WeightSet Weights)
{
    public double? Accuracy => Result.State.BestAccuracy;
}

/// <summary>Makes the version of what a job has trained: stores its files, measures them as they are served, and writes manifest and report.</summary>
internal sealed class JobVersion(Workspace workspace, TrainerOptions options, string jobId, JobReporter reporter)
{
    private readonly Publisher _publisher = new(workspace, options.ExternalDataThreshold);

    /// <summary>The version of a network whose weights were all trained.</summary>
    /// <exception cref="OperationCanceledException">The job is to stop.</exception>
    public ModelManifest OfAllWeights(TrainingPlan plan, DatasetRecord dataset, JobPhotos photos, WeightSet weights, LoopResult result)
    {
        using var validation = photos.Pixels(Split.Validation, plan.Crop);
        reporter.Stop.ThrowIfCancellationRequested();
        var graph = _publisher.StoreInferenceGraph(weights, plan.Crop, plan.Labels);
        reporter.Stop.ThrowIfCancellationRequested();
        return Reported(plan, plan, dataset, result, validation.Count > 0 ? AsServed(graph, validation) : null) with
        {
            InferenceGraph = graph.Model,
            InferenceGraphData = graph.Data,
            Weights = _publisher.StoreWeights(weights),
        };
    }

    /// <summary>The version of a head and its backbone.</summary>
    /// <param name="plan">The job's.</param>
    /// <param name="trained">The head, with the plan that it was trained by.</param>
    /// <param name="dataset">The job's.</param>
    /// <param name="features">What it was trained on.</param>
    /// <exception cref="OperationCanceledException">The job is to stop.</exception>
    public ModelManifest OfHead(TrainingPlan plan, TrainedHead trained, DatasetRecord dataset, HeadFeatures features)
    {
        reporter.Stop.ThrowIfCancellationRequested();
        var storedHead = _publisher.StoreHead(trained.Weights);
        return Reported(plan, trained.Plan, dataset, trained.Result, features.Evaluator is null ? null : AsServed(storedHead, features.Validation)) with
        {
            InferenceGraph = features.Backbone.Model,
            InferenceGraphData = features.Backbone.Data,
            Weights = _publisher.StoreWeights(trained.Weights.WithoutHead()),
            Head = storedHead,
        };
    }

    // What is published is what was measured: the stored files, run as the server runs them.
    private IEnumerable<float[]> AsServed(GraphBlobs graph, PhotoPixels photos)
    {
        using var served = ServedVersion.Open(workspace.Blobs, graph, head: null, options.Runtime, reporter.Message);
        foreach (var logits in served.Run(photos, reporter.Stop))
            yield return logits;
    }

    // The features came from the stored backbone.
    private IEnumerable<float[]> AsServed(string storedHead, RecordFile features)
    {
        var head = LinearHead.Load(workspace.Blobs.PathOf(storedHead));
        var preLogits = new float[head.FeatureCount];
        for (var index = 0; index < features.Count; index++)
        {
            var logits = new float[head.ClassCount];
            features.Read(index, MemoryMarshal.AsBytes(preLogits.AsSpan()));
            head.Apply(preLogits, logits);
            yield return logits;
        }
    }

    /// <param name="plan">The job's.</param>
    /// <param name="trained">The part of it that is published.</param>
    /// <param name="dataset">The job's.</param>
    /// <param name="result">What came out.</param>
    /// <param name="logits">Of the validation photos in their order; null without any.</param>
    private ModelManifest Reported(TrainingPlan plan, TrainingPlan trained, DatasetRecord dataset, LoopResult result, IEnumerable<float[]>? logits)
    {
        var report = new VersionReport
        {
            DatasetId = dataset.Id,
            Curve = LearningCurve.Merge(result.State),
            Evaluation = logits is null ? null : Evaluate(plan, dataset, logits),
        };
        return Manifest(plan, trained, result) with
        {
            Report = ReportJson.Store(workspace.Blobs, report),
            ValidationAccuracy = report.Evaluation?.Top1Accuracy,
        };
    }

    private EvaluationReport Evaluate(TrainingPlan plan, DatasetRecord dataset, IEnumerable<float[]> logits)
    {
        reporter.Phase("evaluating the version");
        var classIndex = plan.Labels.Select((label, index) => (label, index)).ToDictionary(entry => entry.label, entry => entry.index);
        var evaluation = new EvaluationBuilder(plan.Labels);
        foreach (var (photo, output) in dataset.Photos.Where(photo => photo.Split == Split.Validation).Zip(logits))
        {
            reporter.Stop.ThrowIfCancellationRequested();
            evaluation.Add(photo.FileName, photo.Blob, output, classIndex[photo.Label]);
        }
        return evaluation.Build();
    }

    private ModelManifest Manifest(TrainingPlan plan, TrainingPlan trained, LoopResult result) => new()
    {
        Method = trained.Method,
        Network = plan.Network,
        Labels = plan.Labels,
        InputSize = trained.Crop,
        InferenceGraph = "",
        Weights = "",
        JobId = jobId,
        DatasetId = plan.DatasetId,
        Lineage = new Dictionary<string, string>
        {
            ["plan"] = plan.ToJson(),
            [Lineage.DataHash] = JsonSerializer.Serialize(plan.DatasetId),
            [Lineage.PlanHash] = JsonSerializer.Serialize(plan.Hash),
            [Lineage.CodeVersion] = JsonSerializer.Serialize(Lineage.ThisCode),
            [Lineage.Fingerprint] = JsonSerializer.Serialize(Fingerprint.Of(options.Runtime)),
            [Lineage.FinalState] = JsonSerializer.Serialize(result.Digest),
            ["bestStep"] = JsonSerializer.Serialize(result.State.BestStep),
            // Beside the report, not in it: times differ between equal runs.
            [CurveSeconds.LineageKey] = JsonSerializer.Serialize(LearningCurve.Seconds(result.State)),
        },
    };
}
