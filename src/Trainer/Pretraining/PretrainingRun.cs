using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Evaluation;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Publishing;
using BiT.Training.Weights;

namespace BiT.Training.Pretraining;

/// <summary>What a run needs besides its plan.</summary>
internal sealed record PretrainingInputs
{
    public required PretrainingPlan Plan { get; init; }

    /// <summary>The file with the weights to start from; null for random ones.</summary>
    public required string? WeightsPath { get; init; }
    public required PhotoList Training { get; init; }

    /// <summary>Evaluated during the run; null for none.</summary>
    public required EvaluationSet? Evaluation { get; init; }

    /// <summary>Evaluated once, with the last weights; null for none.</summary>
    public required EvaluationSet? AtEnd { get; init; }
    public required RuntimeOptions Runtime { get; init; }
    public required TimeSpan CheckpointInterval { get; init; }

    /// <summary>Steps between two lines.</summary>
    public required int LogInterval { get; init; }
    public required int MaxBrokenPhotos { get; init; }
}

/// <summary>Photos to evaluate on.</summary>
/// <param name="Name">What they are called in lines: <see cref="HeldBack"/> or <see cref="Validation"/>.</param>
/// <param name="Photos">At least one.</param>
internal sealed record EvaluationSet(string Name, PhotoList Photos)
{
    public const string HeldBack = "held_back";
    public const string Validation = "validation";
}

/// <summary>Trains a network from random or given weights, or continues where the folder's newest checkpoint stands.</summary>
internal sealed class PretrainingRun : IDisposable
{
    private readonly PretrainingInputs _inputs;
    private readonly PretrainingPlan _plan;
    private readonly RunFolder _folder;
    private readonly RunOutput _output;
    private readonly BitNetwork _network;
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly CheckpointFolder _checkpoints;
    private readonly BrokenPhotos _broken;
    private readonly int _threads;
    private readonly Checkpoint? _resumed;
    private readonly TrainingEngine _training;
    private readonly EvaluationEngine _evaluation;

    /// <param name="inputs">Plan, photos and how to run.</param>
    /// <param name="folder">Where the run lives; stays the caller's.</param>
    /// <param name="output">Receives lines and warnings.</param>
    /// <exception cref="RunFolderException">The folder has checkpoints, but none is usable.</exception>
    public PretrainingRun(PretrainingInputs inputs, RunFolder folder, RunOutput output)
    {
        (_inputs, _plan, _folder, _output) = (inputs, inputs.Plan, folder, output);
        _network = BitNetwork.ByName(_plan.Network);
        _parameters = NetworkParameters.List(_network, _plan.Labels.Count);
        _checkpoints = new CheckpointFolder(folder.Path, attempt: 1, _plan.Hash, Fingerprint.Of(inputs.Runtime));
        _broken = new BrokenPhotos(inputs.MaxBrokenPhotos, output.Warn);
        _threads = inputs.Runtime.IntraOpThreads > 0 ? inputs.Runtime.IntraOpThreads : Environment.ProcessorCount;
        _resumed = NewestCheckpoint();
        var artifacts = new ArtifactCache(folder.GraphsPath);
        var fused = ManagedKernels.AreUsed(inputs.Runtime);
        var sizes = new TrainingGraphSizes(_plan.Labels.Count, _plan.MicroBatchSize, _plan.ImageSize, _plan.BatchSize / _plan.MicroBatchSize, fused);
        _training = new TrainingEngine(
            artifacts.GetOrWrite(TrainingGraphs.Training(_network, sizes)),
            artifacts.GetOrWrite(OptimizerGraph.Build(_parameters, (float)_plan.Momentum, (float)_plan.WeightDecay, fused)), _parameters, inputs.Runtime);
        _evaluation = new EvaluationEngine(artifacts.GetOrWrite(TrainingGraphs.Evaluation(_network, sizes)), inputs.Runtime);
    }

    /// <summary>Runs to the end of the schedule, or until cancelled: then with a checkpoint.</summary>
    /// <exception cref="CheckpointException">The last checkpoint could not be written.</exception>
    /// <exception cref="TrainingDivergedException">The loss is not a number any more.</exception>
    public void Run(CancellationToken cancellation)
    {
        using var curve = CurveFile.Open(_folder.CurvePath, _resumed?.State.Step ?? 0);
        var evaluator = _inputs.Evaluation is { } set ? new TopKEvaluator(_evaluation, set.Photos, _broken, _threads) : null;
        var report = new RunReport(_plan, _output, curve, (point, isBest) => Line(_inputs.Evaluation, evaluator, point.Step, isBest)) { Interval = _inputs.LogInterval };
        if (_resumed is null)
            Initialize();
        TellStart();
        try
        {
            var result = new TrainingLoop(LoopInputs(evaluator, report), _training).Run(_resumed, cancellation);
            if (_resumed?.State.Step != result.State.Step)
                Finish(result, report);
            TellEnd("finished", result.State);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            if (report.CheckpointProblem is { } problem)
                throw new CheckpointException($"Stopped, but the last checkpoint could not be written: {problem.Message} The one before it counts.", problem);
            TellEnd("stopped", _checkpoints.LoadNewest(_parameters, _output.Warn)?.State ?? new TrainingState { Step = 0 });
        }
    }

    public void Dispose()
    {
        _training.Dispose();
        _evaluation.Dispose();
    }

    private Checkpoint? NewestCheckpoint()
    {
        var newest = _checkpoints.LoadNewest(_parameters, _output.Warn);
        if (newest is null && _folder.HasCheckpoints)
        {
            throw new RunFolderException($"{_folder.Path} holds checkpoints, of which none can be used (see above). "
                + "Restore one from a copy, or start anew in another folder.");
        }
        return newest;
    }

    private void Initialize()
    {
        var weights = _plan.Weights is { } given && _inputs.WeightsPath is { } path
            ? given.Load(path, _network, _plan.Labels.Count)
            : Initializers.Create(_network, _plan.Labels.Count, _plan.Seed);
        for (var index = 0; index < _parameters.Count; index++)
            weights[_parameters[index].Name].CopyTo(_training.Weights(index));
    }

    private LoopInputs LoopInputs(TopKEvaluator? evaluator, RunReport report) => new()
    {
        Plan = _plan.ToTrainingPlan(),
        Parameters = _parameters,
        Stream = new CroppedPhotos(_inputs.Training, _plan, _broken, _threads),
        Evaluator = evaluator,
        Checkpoints = _checkpoints,
        Observer = report,
        CheckpointInterval = _inputs.CheckpointInterval,
        SavesAtEnd = false,
    };

    // The checkpoint comes last: with it, the evaluation is done.
    private void Finish(LoopResult result, RunReport report)
    {
        if (_inputs.AtEnd is { } set)
        {
            var evaluator = new TopKEvaluator(_evaluation, set.Photos, _broken, _threads);
            evaluator.Evaluate(result.State.Step, _training.WeightValues, CancellationToken.None);
            report.Add(Line(set, evaluator, result.State.Step, isBest: false));
        }
        try
        {
            report.OnCheckpoint(_checkpoints.Save(Final(result)));
        }
        catch (IOException problem)
        {
            throw new CheckpointException($"The run came to its end, but the last checkpoint could not be written: {problem.Message} "
                + "Make room; the same command continues from the one before.", problem);
        }
    }

    // Without times, which the curve file has: equal runs end in equal bytes, in however many pieces.
    private Checkpoint Final(LoopResult result)
    {
        var names = _parameters.Select((parameter, index) => (parameter.Name, index)).ToArray();
        return new Checkpoint(
            result.State.WithoutTimes(),
            names.ToDictionary(entry => entry.Name, entry => _training.Weights(entry.index).ToArray()),
            names.ToDictionary(entry => entry.Name, entry => _training.Momenta(entry.index).ToArray()),
            result.State.BestAccuracy is null ? null : result.Weights);
    }

    private EvaluationLine Line(EvaluationSet? set, TopKEvaluator? evaluator, long step, bool isBest)
    {
        var accuracy = evaluator?.Last ?? throw new InvalidOperationException("Nothing was evaluated.");
        return new EvaluationLine(set?.Name ?? "", accuracy.Photos, accuracy.Top1, accuracy.Top5, accuracy.Loss, isBest) { Step = step, Epoch = _plan.EpochAt(step) };
    }

    private void TellStart()
    {
        var step = _resumed?.State.Step ?? 0;
        _output.Write(new StartLine(_plan.Schedule.Steps, _plan.TrainCount, _plan.EvaluationCount, _plan.Labels.Count, _plan.Hash, Fingerprint.Of(_inputs.Runtime))
        {
            Step = step,
            Epoch = _plan.EpochAt(step),
        });
    }

    private void TellEnd(string outcome, TrainingState state) => _output.Write(
        new EndLine(outcome, state.BestAccuracy is null ? null : state.BestStep, state.BestAccuracy, _broken.Count) { Step = state.Step, Epoch = _plan.EpochAt(state.Step) });
}

/// <summary>A run was stopped or ended, and its last steps are not on disk.</summary>
internal sealed class CheckpointException(string message, Exception inner) : Exception(message, inner);
