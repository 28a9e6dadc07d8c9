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
    public required PhotoList Training { get; init; }

    /// <summary>Evaluated during the run, and what they are called in lines; null for none.</summary>
    public required (string Name, PhotoList Photos)? Evaluation { get; init; }

    /// <summary>Evaluated once, with the last weights; null for none.</summary>
    public required PhotoList? AtEnd { get; init; }
    public required RuntimeOptions Runtime { get; init; }
    public required TimeSpan CheckpointInterval { get; init; }
    public required int LogInterval { get; init; }
    public required int MaxBrokenPhotos { get; init; }
}

/// <summary>Trains a network from random weights, or continues where the folder's newest checkpoint stands.</summary>
internal sealed class PretrainingRun(PretrainingInputs inputs, RunFolder folder, RunOutput output)
{
    private readonly PretrainingPlan _plan = inputs.Plan;
    private readonly BitNetwork _network = BitNetwork.ByName(inputs.Plan.Network);
    private readonly BrokenPhotos _broken = new(inputs.MaxBrokenPhotos, output.Warn);
    private readonly int _threads = inputs.Runtime.IntraOpThreads > 0 ? inputs.Runtime.IntraOpThreads : Environment.ProcessorCount;

    /// <summary>Runs to the end of the schedule, or until cancelled.</summary>
    /// <returns>True if it came to the end; false if it was cancelled and can be continued.</returns>
    /// <exception cref="CheckpointException">Cancelled, and the checkpoint could not be written.</exception>
    public bool Run(CancellationToken cancellation)
    {
        var artifacts = new ArtifactCache(folder.GraphsPath);
        var sizes = new TrainingGraphSizes(_plan.Labels.Count, _plan.MicroBatchSize, _plan.ImageSize, _plan.BatchSize / _plan.MicroBatchSize);
        var parameters = NetworkParameters.List(_network, _plan.Labels.Count);
        var fingerprint = Fingerprint.Of(inputs.Runtime);
        var checkpoints = new CheckpointFolder(folder.Path, attempt: 1, _plan.Hash, fingerprint);
        var resumed = Resume(checkpoints, parameters);
        using var engine = new TrainingEngine(
            artifacts.GetOrWrite(TrainingGraphs.Training(_network, sizes)),
            artifacts.GetOrWrite(OptimizerGraph.Build(parameters, (float)_plan.Momentum, (float)_plan.WeightDecay)), parameters, inputs.Runtime);
        using var evaluation = new EvaluationEngine(artifacts.GetOrWrite(TrainingGraphs.Evaluation(_network, sizes)), inputs.Runtime);
        var evaluator = inputs.Evaluation is { } set ? new TopKEvaluator(evaluation, set.Photos, _broken, _threads) : null;
        using var curve = CurveFile.Open(folder.CurvePath, resumed?.State.Step ?? 0);
        var report = new RunReport(_plan, output, curve, () => (inputs.Evaluation?.Name ?? "", evaluator?.Last ?? default)) { Interval = inputs.LogInterval };
        if (resumed is null)
            Initialize(engine, parameters);
        TellStart(resumed?.State.Step ?? 0, fingerprint);
        var loop = new TrainingLoop(
            new LoopInputs
            {
                Plan = _plan.ToTrainingPlan(),
                Parameters = parameters,
                Stream = new CroppedPhotos(inputs.Training, _plan, _broken, _threads),
                Evaluator = evaluator,
                Checkpoints = checkpoints,
                Observer = report,
                CheckpointInterval = inputs.CheckpointInterval,
            },
            engine);
        try
        {
            var result = loop.Run(resumed, cancellation);
            if (resumed?.State.Step != result.State.Step)
                Finish(result);
            TellEnd("finished", result.State);
            return true;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            if (report.CheckpointProblem is { } problem)
                throw new CheckpointException($"Stopped, but the last checkpoint could not be written: {problem.Message} The one before it counts.", problem);
            var last = checkpoints.LoadNewest(parameters, output.Warn);
            TellEnd("stopped", last?.State ?? new TrainingState { Step = 0 });
            return false;
        }

        // The checkpoint comes last: with it, the evaluation is done.
        void Finish(LoopResult result)
        {
            EvaluateAtEnd(evaluation, engine, curve);
            try
            {
                report.OnCheckpoint(checkpoints.Save(Final(result, engine, parameters)));
            }
            catch (IOException problem)
            {
                throw new CheckpointException($"The run came to its end, but the last checkpoint could not be written: {problem.Message} "
                    + "Make room; the same command continues from the one before.", problem);
            }
        }
    }

    private Checkpoint? Resume(CheckpointFolder checkpoints, IReadOnlyList<Parameter> parameters)
    {
        var newest = checkpoints.LoadNewest(parameters, output.Warn);
        if (newest is null && folder.HasCheckpoints)
        {
            throw new RunFolderException($"{folder.Path} holds checkpoints, of which none can be used (see above). "
                + "Restore one from a copy, or start anew in another folder.");
        }
        return newest;
    }

    private void Initialize(TrainingEngine engine, IReadOnlyList<Parameter> parameters)
    {
        var weights = Initializers.Create(_network, _plan.Labels.Count, _plan.Seed);
        for (var index = 0; index < parameters.Count; index++)
            weights[parameters[index].Name].CopyTo(engine.Weights(index));
    }

    private static Checkpoint Final(LoopResult result, TrainingEngine engine, IReadOnlyList<Parameter> parameters)
    {
        var names = parameters.Select((parameter, index) => (parameter.Name, index)).ToArray();
        return new Checkpoint(
            result.State,
            names.ToDictionary(entry => entry.Name, entry => engine.Weights(entry.index).ToArray()),
            names.ToDictionary(entry => entry.Name, entry => engine.Momenta(entry.index).ToArray()),
            result.State.BestAccuracy is null ? null : result.Weights);
    }

    private void EvaluateAtEnd(EvaluationEngine evaluation, TrainingEngine engine, CurveFile curve)
    {
        if (inputs.AtEnd is not { } photos)
            return;
        var evaluator = new TopKEvaluator(evaluation, photos, _broken, _threads);
        evaluator.Evaluate(_plan.Schedule.Steps, engine.WeightValues, CancellationToken.None);
        var line = new EvaluationLine("validation", evaluator.Last.Photos, evaluator.Last.Top1, evaluator.Last.Top5, evaluator.Last.Loss, IsBest: false)
        {
            Step = _plan.Schedule.Steps,
            Epoch = _plan.EpochAt(_plan.Schedule.Steps),
        };
        output.Write(line);
        curve.Add(line);
    }

    private void TellStart(long step, string fingerprint) => output.Write(
        new StartLine(_plan.Schedule.Steps, _plan.TrainCount, _plan.EvaluationCount, _plan.Labels.Count, _plan.Hash, fingerprint) { Step = step, Epoch = _plan.EpochAt(step) });

    private void TellEnd(string outcome, TrainingState state) => output.Write(
        new EndLine(outcome, state.BestAccuracy is null ? null : state.BestStep, state.BestAccuracy, _broken.Count) { Step = state.Step, Epoch = _plan.EpochAt(state.Step) });
}

/// <summary>A run was stopped, and its last steps are not on disk.</summary>
internal sealed class CheckpointException(string message, Exception inner) : Exception(message, inner);
