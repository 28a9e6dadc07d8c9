using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Training.Checkpoints;
using BiT.Training.Networks;
using BiT.Training.Planning;

namespace BiT.Training.Artifacts;

/// <summary>What training needs besides data, as files: the graphs for training, evaluation and the optimiser, and a checkpoint to start
/// from. See docs/formats/artifacts.md.</summary>
internal sealed class ArtifactSet
{
    public const string TrainingFile = "training_model.onnx";
    public const string EvaluationFile = "eval_model.onnx";
    public const string OptimizerFile = "optimizer_model.onnx";

    /// <summary>Checkpoint of ONNX Runtime Training; its own tools use the name.</summary>
    public const string OrtCheckpointFile = "checkpoint";
    public const string OwnCheckpointFile = "checkpoint.safetensors";

    private readonly IReadOnlyList<(string File, Graph Graph)> _graphs;
    private readonly string _checkpointFile;
    private readonly Action<string> _writeCheckpoint;

    private ArtifactSet(Graph training, Graph evaluation, Graph optimizer, string checkpointFile, Action<string> writeCheckpoint)
    {
        _graphs = [(TrainingFile, training), (EvaluationFile, evaluation), (OptimizerFile, optimizer)];
        _checkpointFile = checkpointFile;
        _writeCheckpoint = writeCheckpoint;
    }

    /// <summary>For ONNX Runtime Training.</summary>
    /// <param name="start">Weights and, to go on with a run, momenta and step.</param>
    /// <param name="sizes">Sizes and form of the graphs; says OrtTraining.</param>
    /// <param name="optimizer">The optimiser.</param>
    /// <param name="schedule">Learning rates inside the optimizer graph; null leaves them to the caller.</param>
    /// <exception cref="ArtifactException">The runtime would not accept them, or would compute something else.</exception>
    public static ArtifactSet ForOrtTraining(RunPoint start, TrainingGraphSizes sizes, OrtOptimizerKind optimizer, LearningRateSchedule? schedule)
    {
        ArgumentNullException.ThrowIfNull(sizes.OrtTraining);
        var training = TrainingGraphs.Training(start.Weights.Network, sizes);
        var evaluation = TrainingGraphs.Evaluation(start.Weights.Network, sizes);
        new TargetChecks(TargetRuntime.OrtTraining, training, evaluation).Run();
        var checkpoint = OrtCheckpointWriter.ToBytes(start.ToOrt(optimizer), TargetRuntime.OrtTraining.CheckpointVersion);
        return new ArtifactSet(training, evaluation, OrtOptimizerGraph.Build(optimizer, schedule), OrtCheckpointFile,
            path => File.WriteAllBytes(path, checkpoint));
    }

    /// <summary>For our own engine: any ONNX Runtime.</summary>
    /// <inheritdoc cref="ForOrtTraining" path="/param"/>
    public static ArtifactSet ForOwnEngine(RunPoint start, TrainingGraphSizes sizes) => new(
        TrainingGraphs.Training(start.Weights.Network, sizes), TrainingGraphs.Evaluation(start.Weights.Network, sizes),
        OptimizerGraph.Build(start.Weights.Parameters, OrtOptimizerGraph.Momentum, weightDecay: 0, sizes.Fused), OwnCheckpointFile, start.Write);

    /// <summary>Writes the files into a folder, which is made if it is not there; replaces earlier ones.</summary>
    /// <returns>Their paths.</returns>
    public IReadOnlyList<string> Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var paths = new List<string>();
        foreach (var (file, graph) in _graphs)
            paths.AddRange(OnnxWriter.Write(graph, Path.Combine(folder, file)));
        var checkpoint = Path.Combine(folder, _checkpointFile);
        _writeCheckpoint(checkpoint);
        return [.. paths, checkpoint];
    }
}
