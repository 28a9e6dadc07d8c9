using BiT.Core.Reports;
using BiT.Training.Checkpoints;

namespace BiT.Training.Loop;

/// <summary>Which points of a run are kept for its curves: at most 2,000, chosen by the plan alone, so that a resumed run keeps the same
/// ones as an uninterrupted one.</summary>
/// <remarks>Losses: each is the mean over the same number of steps, the smallest for which there are at most 1,000 points; the last step
/// has a point too. Evaluations: every n-th, for the smallest n that leaves at most 998, and besides them the best and the
/// newest.</remarks>
/// <param name="steps">Optimiser steps of the plan.</param>
/// <param name="evaluationInterval">Steps between two evaluations.</param>
internal sealed class LearningCurve(long steps, long evaluationInterval)
{
    /// <summary>Most points of each kind.</summary>
    public const int MaxPoints = 1000;

    private const int BestAndNewest = 2;

    // The last point of a run that stops early may lie off the grid.
    private readonly long _stepsPerLoss = CeilingDivide(steps, MaxPoints - 1);
    private readonly long _evaluationsPerPoint = CeilingDivide(CeilingDivide(steps, evaluationInterval), MaxPoints - BestAndNewest);

    /// <summary>Whether the loss curve has a point after this step.</summary>
    public bool IsLossPoint(long step) => step % _stepsPerLoss == 0 || step == steps;

    /// <summary>Adds the newest evaluation, and takes back what was kept only because it was the newest or the best until now.</summary>
    /// <param name="kept">The evaluations kept so far, by rising step.</param>
    /// <param name="newest">The evaluation of now.</param>
    /// <param name="bestStep">Step of the best evaluation, the newest included.</param>
    public void Add(List<EvaluationPoint> kept, EvaluationPoint newest, long bestStep)
    {
        kept.RemoveAll(point => !IsOnGrid(point.Step) && point.Step != bestStep);
        kept.Add(newest);
    }

    /// <summary>The curves of a run as one, by rising step.</summary>
    public static IReadOnlyList<CurvePoint> Merge(TrainingState state)
    {
        var points = new SortedDictionary<long, CurvePoint>();
        foreach (var loss in state.Losses)
            points[loss.Step] = new CurvePoint(loss.Step, loss.Loss, loss.LearningRate, null);
        foreach (var evaluation in state.Evaluations)
        {
            var point = points.GetValueOrDefault(evaluation.Step) ?? new CurvePoint(evaluation.Step, null, null, null);
            points[evaluation.Step] = point with { ValidationAccuracy = evaluation.Accuracy };
        }
        return [.. points.Values];
    }

    /// <summary>Seconds of training until each point of <see cref="Merge"/>, over all attempts.</summary>
    public static IReadOnlyList<double> Seconds(TrainingState state)
    {
        var seconds = new SortedDictionary<long, double>();
        foreach (var evaluation in state.Evaluations)
            seconds[evaluation.Step] = evaluation.Seconds;
        // The loss of a step is known before its evaluation.
        foreach (var loss in state.Losses)
            seconds[loss.Step] = loss.Seconds;
        return [.. seconds.Values];
    }

    private bool IsOnGrid(long step) => CeilingDivide(step, evaluationInterval) % _evaluationsPerPoint == 0;

    private static long CeilingDivide(long left, long right) => Math.Max(1, (left + right - 1) / right);
}
