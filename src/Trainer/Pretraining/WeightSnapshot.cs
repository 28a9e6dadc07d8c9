using System.Text.Json;
using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Evaluation;
using BiT.Training.Networks;
using BiT.Training.Weights;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Training.Pretraining;

/// <summary>Writes the weights of a run, finished or in progress, as an npz file, and measures what was written.</summary>
internal sealed class WeightSnapshot
{
    private const int EvaluationBatch = 64;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private readonly PretrainingPlan _plan;
    private readonly WeightSet _weights;

    private WeightSnapshot(PretrainingPlan plan, long step, WeightSet weights)
    {
        _plan = plan;
        Step = step;
        _weights = weights;
    }

    /// <summary>Optimiser steps that led to the weights.</summary>
    public long Step { get; }

    public double Epoch => _plan.EpochAt(Step);

    /// <summary>Loads the newest checkpoint of a run.</summary>
    /// <param name="runFolder">The run's folder.</param>
    /// <param name="best">Take the weights of the best evaluation so far instead of the last.</param>
    /// <param name="log">Receives a line per checkpoint that cannot be used.</param>
    /// <exception cref="RunFolderException">There is no usable checkpoint, or nothing was evaluated yet.</exception>
    public static WeightSnapshot Load(string runFolder, bool best, Action<string> log)
    {
        var plan = RunFolder.ReadPlan(runFolder);
        var network = BitNetwork.ByName(plan.Network);
        var checkpoint = new CheckpointFolder(runFolder, attempt: 1, plan.Hash, fingerprint: null)
            .LoadNewest(NetworkParameters.List(network, plan.Labels.Count), log)
            ?? throw new RunFolderException($"{runFolder} holds no usable checkpoint yet. Wait for the first.");
        if (!best)
            return new WeightSnapshot(plan, checkpoint.State.Step, new WeightSet(network, plan.Labels.Count, checkpoint.Weights));
        return checkpoint.BestWeights is { } weights
            ? new WeightSnapshot(plan, checkpoint.State.BestStep, new WeightSet(network, plan.Labels.Count, weights))
            : throw new RunFolderException($"Nothing was evaluated up to step {checkpoint.State.Step} of {runFolder}: there are no best weights yet.");
    }

    /// <summary>Writes the weights, and beside them a JSON file that says where they come from.</summary>
    /// <param name="path">The npz file; the JSON file has the same name with .json.</param>
    /// <param name="half">Round to float16.</param>
    /// <param name="evaluations">What the weights reach, before and after rounding.</param>
    public void Write(string path, bool half, IReadOnlyList<SnapshotEvaluation> evaluations)
    {
        NpzWeights.Write(path, _weights, half);
        var description = new
        {
            _plan.Network,
            Step,
            Steps = _plan.Schedule.Steps,
            Epoch,
            ElementType = half ? "float16" : "float32",
            Evaluations = evaluations,
            Plan = JsonSerializer.Deserialize<JsonElement>(_plan.ToJson()),
        };
        Core.Store.DurableFile.WriteAllBytes(path + ".json", JsonSerializer.SerializeToUtf8Bytes(description, Json));
    }

    /// <summary>Measures the weights as they are and rounded to float16.</summary>
    /// <param name="set">What the photos are called.</param>
    /// <param name="photos">Photos of the run's classes.</param>
    /// <param name="broken">Is told which photos cannot be decoded.</param>
    /// <param name="runtime">Provider and threads.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public SnapshotEvaluation Evaluate(string set, PhotoList photos, BrokenPhotos broken, RuntimeOptions runtime, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("bit-snapshot-").FullName;
        try
        {
            var graph = TrainingGraphs.Evaluation(_weights.Network, new TrainingGraphSizes(_weights.ClassCount, EvaluationBatch, _plan.ImageSize));
            using var engine = new EvaluationEngine(new ArtifactCache(folder).GetOrWrite(graph), runtime);
            var evaluator = new TopKEvaluator(engine, photos, broken, runtime.IntraOpThreads > 0 ? runtime.IntraOpThreads : Environment.ProcessorCount);
            // Rounded by the file that is shipped, not by a formula beside it.
            var rounded = Path.Combine(folder, "rounded.npz");
            NpzWeights.Write(rounded, _weights, half: true);
            return new SnapshotEvaluation(set, Measure(_weights), Measure(NpzWeights.Read(rounded, _weights.Network)));

            Accuracy Measure(WeightSet weights)
            {
                var values = weights.Parameters.Select(parameter => OrtValue.CreateTensorValueFromMemory(
                    weights[parameter.Name], [.. parameter.Sizes.Select(size => (long)size)])).ToArray();
                try
                {
                    evaluator.Evaluate(Step, values, cancellation);
                    return evaluator.Last;
                }
                finally
                {
                    foreach (var value in values)
                        value.Dispose();
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

/// <summary>What weights reach on a set of photos.</summary>
/// <param name="Set"><c>held_back</c> or <c>validation</c>.</param>
/// <param name="Float32">As they were trained.</param>
/// <param name="Float16">Rounded to float16.</param>
internal sealed record SnapshotEvaluation(string Set, Accuracy Float32, Accuracy Float16);
