using System.Diagnostics;
using BiT.Training.Checkpoints;
using BiT.Training.Loop;

namespace BiT.Training.Pretraining;

/// <summary>Tells a run's progress: lines on the output, and measurements in the curve file.</summary>
internal sealed class RunReport(PretrainingPlan plan, RunOutput output, CurveFile curve, Func<EvaluationPoint, bool, EvaluationLine> evaluationLine) : ILoopObserver
{
    private readonly Stopwatch _training = Stopwatch.StartNew();
    private TimeSpan _lineStart;
    private TimeSpan _wait;
    private double _lossSum;
    private int _microBatches;
    private long _images;

    /// <summary>Optimiser steps between two lines.</summary>
    public int Interval { get; init; } = 20;

    /// <summary>The last checkpoint that could not be written, if no later one could.</summary>
    public Exception? CheckpointProblem { get; private set; }

    public void OnMicroBatch(LoopProgress progress)
    {
        _training.Start();
        _microBatches++;
        _images += progress.Images;
        _wait += progress.DataWait;
        // The loop tells the mean over the step so far: of the last micro-batch that is the step's.
        var isLastOfStep = _microBatches % (plan.BatchSize / plan.MicroBatchSize) == 0;
        if (!isLastOfStep)
            return;
        _lossSum += progress.Loss;
        var done = progress.Step + 1;
        if (done % Interval == 0 || done == progress.TotalSteps)
            Tell(done, progress.LearningRate);
    }

    public void OnEvaluating(long step) => _training.Stop();

    public void OnEvaluated(EvaluationPoint point, bool isBest)
    {
        Add(evaluationLine(point, isBest));
        _training.Start();
    }

    public void OnCheckpointing()
    {
        // The run's folder is locked: nobody else has it.
    }

    public void OnCheckpoint(string path)
    {
        CheckpointProblem = null;
        var step = long.Parse(Path.GetFileNameWithoutExtension(path).AsSpan("step-".Length), System.Globalization.CultureInfo.InvariantCulture);
        output.Write(new CheckpointLine(path) { Step = step, Epoch = plan.EpochAt(step) });
    }

    public void OnCheckpointFailed(Exception problem)
    {
        CheckpointProblem = problem;
        output.Warn($"A checkpoint could not be written; the one before still counts, and the next is tried in time: {problem.Message}");
    }

    /// <summary>Tells a measurement and keeps it.</summary>
    public void Add(RunLine line)
    {
        output.Write(line);
        curve.Add(line);
    }

    private void Tell(long step, double rate)
    {
        var now = _training.Elapsed;
        var seconds = (now - _lineStart).TotalSeconds;
        var steps = _microBatches / (plan.BatchSize / plan.MicroBatchSize);
        Add(new StepLine(_lossSum / steps, rate, _images / seconds, _wait.TotalSeconds / seconds, now.TotalSeconds, steps)
        {
            Step = step,
            Epoch = plan.EpochAt(step),
        });
        (_lineStart, _wait, _lossSum, _microBatches, _images) = (now, TimeSpan.Zero, 0, 0, 0);
    }
}

/// <summary>Where a run's lines and warnings go.</summary>
/// <param name="lines">Standard output.</param>
/// <param name="warnings">Standard error.</param>
/// <param name="json">One JSON object per line instead of text.</param>
internal sealed class RunOutput(TextWriter lines, TextWriter warnings, bool json)
{
    private readonly TextWriter _warnings = TextWriter.Synchronized(warnings);

    public void Write(RunLine line)
    {
        lines.WriteLine(json ? line.ToJson() : line.ToText());
        lines.Flush();
    }

    /// <summary>Safe for several threads.</summary>
    public void Warn(string message) => _warnings.WriteLine(message);
}
