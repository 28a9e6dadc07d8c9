using System.Diagnostics;
using BiT.Core.Store;
using BiT.Training.Checkpoints;
using BiT.Training.Datasets;
using BiT.Training.Evaluation;
using BiT.Training.Networks;
using BiT.Training.Planning;

namespace BiT.Training.Loop;

/// <summary>What a loop tells while it runs. Called from the loop's thread.</summary>
internal interface ILoopObserver
{
    /// <summary>A micro-batch is done.</summary>
    void OnMicroBatch(LoopProgress progress);

    /// <summary>An evaluation begins.</summary>
    void OnEvaluating(long step);

    /// <summary>An evaluation is done.</summary>
    void OnEvaluated(EvaluationPoint point, bool isBest);

    /// <summary>A checkpoint is about to be written.</summary>
    /// <exception cref="LeaseLostException">It must not be: somebody else has the run now.</exception>
    void OnCheckpointing();

    /// <summary>A checkpoint is on disk.</summary>
    /// <param name="path">Relative to the job's folder.</param>
    /// <exception cref="LeaseLostException">It does not count: somebody else has the run now. The file is deleted.</exception>
    void OnCheckpoint(string path);

    /// <summary>A checkpoint could not be written; the one before still counts.</summary>
    void OnCheckpointFailed(Exception problem);
}

/// <summary>Where a loop stands.</summary>
internal readonly record struct LoopProgress(long Step, long TotalSteps, double Loss, double LearningRate, int Images)
{
    /// <summary>How long the loop waited for the micro-batch.</summary>
    public TimeSpan DataWait { get; init; }
}

/// <summary>What a run needs besides its plan.</summary>
internal sealed record LoopInputs
{
    public required TrainingPlan Plan { get; init; }
    public required IReadOnlyList<Parameter> Parameters { get; init; }
    public required ITrainingStream Stream { get; init; }

    /// <summary>Null without validation photos.</summary>
    public required IEvaluator? Evaluator { get; init; }

    /// <summary>Null for a run of seconds that is done again if it is interrupted.</summary>
    public required CheckpointFolder? Checkpoints { get; init; }
    public required ILoopObserver Observer { get; init; }
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the run ends with a checkpoint; false where its caller writes one when more is done.</summary>
    public bool SavesAtEnd { get; init; } = true;
}

/// <summary>Trains: micro-batches into steps, steps into evaluations and checkpoints, until the schedule or early stopping ends the run.</summary>
internal sealed class TrainingLoop(LoopInputs inputs, ITrainingEngine engine)
{
    private readonly TrainingPlan _plan = inputs.Plan;
    private readonly LearningCurve _curve = new(inputs.Plan.Steps, inputs.Plan.EvaluationInterval);
    private readonly GradientGuard _guard = new(inputs.Plan);
    private readonly Stopwatch _watch = new();
    private readonly List<EvaluationPoint> _evaluations = [];
    private readonly List<LossPoint> _losses = [];
    private TrainingState _state = new() { Step = 0 };
    private Dictionary<string, float[]>? _best;
    private double _lossSum;
    private long _savedStep;
    private int _lossSteps;
    private double _earlierSeconds;

    /// <summary>The best evaluated weights so far; null before the first evaluation. They outlive a run that diverges.</summary>
    public BestWeights? Best => _best is { } weights ? new BestWeights(_state.BestStep, _state.BestAccuracy, weights) : null;

    /// <summary>Runs from where the engine and <paramref name="resumed"/> stand to the end.</summary>
    /// <param name="resumed">The checkpoint to continue from; null begins with the engine's weights.</param>
    /// <param name="cancellation">Checked before each micro-batch; a checkpoint is written before the exception.</param>
    /// <exception cref="TrainingDivergedException">The loss is not a number any more, or the gradient exploded.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="LeaseLostException">Somebody else has the run now; nothing was written.</exception>
    public LoopResult Run(Checkpoint? resumed, CancellationToken cancellation)
    {
        if (resumed is not null)
            Restore(resumed);
        _savedStep = resumed?.State.Step ?? 0;
        _watch.Start();
        try
        {
            RunSteps(cancellation);
        }
        catch (OperationCanceledException) when (_state.Step > _savedStep)
        {
            SaveCheckpoint();
            throw;
        }
        // Early stopping may end the run between two points.
        if (_lossSteps > 0)
            AddLossPoint(RateOf(_state.Step - 1));
        // Publishing may be stopped, or may end with the process: training must not be done again for it.
        if (inputs.SavesAtEnd && _state.Step > _savedStep)
            SaveCheckpoint();
        _state = CurrentState();
        return new LoopResult(_state, _best ?? Snapshot(engine.Weights), StateDigest.Of(_state, inputs.Parameters, engine.Weights, engine.Momenta, _best));
    }

    private void RunSteps(CancellationToken cancellation)
    {
        using var prefetcher = new Prefetcher(inputs.Stream, _state.Step, _plan.Steps, _plan.MicroBatchesPerStep);
        var sinceCheckpoint = Stopwatch.StartNew();
        // A run that was stopped during an evaluation owes it.
        if (_state.Step > 0 && (_evaluations.Count == 0 || _evaluations[^1].Step != _state.Step))
            EvaluateIfDue(cancellation);
        // What the head alone has learnt is the first candidate: all weights must not end behind it.
        if (_state.Step == 0 && _plan.HeadFirst is not null && inputs.Evaluator is { } evaluator)
            Evaluate(evaluator, cancellation);
        while (_state.Step < _plan.Steps && !ShouldStopEarly())
        {
            RunStep(prefetcher, cancellation);
            EvaluateIfDue(cancellation);
            if (sinceCheckpoint.Elapsed >= inputs.CheckpointInterval)
            {
                SaveCheckpoint();
                sinceCheckpoint.Restart();
            }
        }
    }

    private bool ShouldStopEarly() => _plan.EarlyStoppingPatience > 0 && _state.EvaluationsWithoutImprovement >= _plan.EarlyStoppingPatience;

    private void RunStep(Prefetcher prefetcher, CancellationToken cancellation)
    {
        var step = _state.Step;
        var rate = RateOf(step);
        var loss = 0.0;
        for (var index = 0; index < _plan.MicroBatchesPerStep; index++)
        {
            cancellation.ThrowIfCancellationRequested();
            var asked = Stopwatch.GetTimestamp();
            using var batch = prefetcher.Next(cancellation);
            var waited = Stopwatch.GetElapsedTime(asked);
            batch.Inputs.CopyTo(engine.Inputs);
            batch.Labels.CopyTo(engine.Labels);
            batch.Permutation.CopyTo(engine.Permutation);
            loss += engine.AccumulateMicroBatch(batch.Lambda) / _plan.MicroBatchesPerStep;
            if (!double.IsFinite(loss))
                throw TrainingDivergedException.OfLoss(step, rate, _plan);
            inputs.Observer.OnMicroBatch(new LoopProgress(step, _plan.Steps, loss * _plan.MicroBatchesPerStep / (index + 1), rate, batch.Labels.Length) { DataWait = waited });
        }
        _guard.Check(step, rate, engine);
        engine.Step((float)rate);
        _state = _state with { Step = step + 1 };
        RecordLoss(loss, rate);
    }

    private double RateOf(long step) => _plan.Schedule.RateAt((int)step)
        ?? throw new InvalidOperationException($"The schedule ends before step {step} of {_plan.Steps}.");

    private void EvaluateIfDue(CancellationToken cancellation)
    {
        if (inputs.Evaluator is not null && (_state.Step % _plan.EvaluationInterval == 0 || _state.Step == _plan.Steps))
            Evaluate(inputs.Evaluator, cancellation);
    }

    private void RecordLoss(double loss, double rate)
    {
        _lossSum += loss;
        _lossSteps++;
        if (_curve.IsLossPoint(_state.Step))
            AddLossPoint(rate);
    }

    private void AddLossPoint(double rate)
    {
        _losses.Add(new LossPoint(_state.Step, _lossSum / _lossSteps, rate, Seconds));
        (_lossSum, _lossSteps) = (0, 0);
    }

    // Higher accuracy is better; between equals, lower loss.
    private void Evaluate(IEvaluator evaluator, CancellationToken cancellation)
    {
        inputs.Observer.OnEvaluating(_state.Step);
        var point = evaluator.Evaluate(_state.Step, engine.WeightValues, cancellation) with { Seconds = Seconds };
        if (!double.IsFinite(point.Loss))
            throw TrainingDivergedException.OfLoss(_state.Step, RateOf(Math.Max(0, _state.Step - 1)), _plan);
        var isBest = _state.BestAccuracy is not { } best || point.Accuracy > best || (point.Accuracy == best && point.Loss < _state.BestLoss);
        // Patience is about accuracy alone: a loss that creeps down at equal accuracy would never let a run stop.
        var waited = point.Accuracy > (_state.BestAccuracy ?? -1) ? 0 : _state.EvaluationsWithoutImprovement + 1;
        _state = _state with { EvaluationsWithoutImprovement = waited };
        if (isBest)
            _state = _state with { BestStep = point.Step, BestAccuracy = point.Accuracy, BestLoss = point.Loss };
        if (isBest)
            _best = Snapshot(engine.Weights);
        _curve.Add(_evaluations, point, _state.BestStep);
        _state = _state with { Evaluations = [.. _evaluations], Losses = [.. _losses] };
        inputs.Observer.OnEvaluated(point, isBest);
    }

    private void Restore(Checkpoint checkpoint)
    {
        _state = checkpoint.State;
        _best = checkpoint.BestWeights?.ToDictionary();
        _evaluations.AddRange(_state.Evaluations);
        _losses.AddRange(_state.Losses);
        (_lossSum, _lossSteps) = (_state.LossSum, _state.LossSteps);
        _earlierSeconds = _state.Seconds;
        for (var index = 0; index < inputs.Parameters.Count; index++)
        {
            var name = inputs.Parameters[index].Name;
            checkpoint.Weights[name].CopyTo(engine.Weights(index));
            checkpoint.Momenta[name].CopyTo(engine.Momenta(index));
        }
    }

    private void SaveCheckpoint()
    {
        if (inputs.Checkpoints is not { } folder)
            return;
        _state = CurrentState();
        try
        {
            // A worker that was stopped past its lease must not even leave a file.
            inputs.Observer.OnCheckpointing();
            var path = folder.Save(new Checkpoint(_state, Snapshot(engine.Weights), Snapshot(engine.Momenta), _best));
            Announce(folder, path);
            _savedStep = _state.Step;
        }
        catch (Exception problem) when (problem is IOException or StoreUnavailableException)
        {
            // A full disk may be emptied: hours of training must not end for it.
            inputs.Observer.OnCheckpointFailed(problem);
        }
    }

    private void Announce(CheckpointFolder folder, string path)
    {
        try
        {
            inputs.Observer.OnCheckpoint(path);
        }
        catch (LeaseLostException)
        {
            folder.Delete(path);
            throw;
        }
    }

    private TrainingState CurrentState() =>
        _state with { Evaluations = [.. _evaluations], Losses = [.. _losses], LossSum = _lossSum, LossSteps = _lossSteps, Seconds = Seconds };

    // To the millisecond, counting on from the checkpoint.
    private double Seconds => Math.Round(_earlierSeconds + _watch.Elapsed.TotalSeconds, 3);

    private Dictionary<string, float[]> Snapshot(StateDigest.ArrayOf arrays) => Enumerable.Range(0, inputs.Parameters.Count)
        .ToDictionary(index => inputs.Parameters[index].Name, index => arrays(index).ToArray());
}

/// <summary>How a run ended, and the weights to publish: the best evaluated ones, or the last without validation photos.</summary>
/// <param name="State">Without arrays.</param>
/// <param name="Weights">To publish.</param>
/// <param name="Digest">See <see cref="StateDigest"/>: what equal runs end with.</param>
internal sealed record LoopResult(TrainingState State, IReadOnlyDictionary<string, float[]> Weights, string Digest);

/// <summary>The best evaluated weights of a run.</summary>
/// <param name="Step">Optimiser steps before that evaluation.</param>
/// <param name="Accuracy">Share of the validation photos that they classify right.</param>
/// <param name="Arrays">By parameter.</param>
internal sealed record BestWeights(long Step, double? Accuracy, IReadOnlyDictionary<string, float[]> Arrays);
