using BiT.Core.Reports;
using BiT.Training.Checkpoints;
using BiT.Training.Loop;

namespace BiT.Tests.Unit.Loop;

public sealed class LearningCurveTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(30, 10)]
    [InlineData(999, 1)]
    [InlineData(1000, 1)]
    [InlineData(1001, 7)]
    [InlineData(123_456, 1)]
    [InlineData(123_456, 1000)]
    public void Points_OfAnyRun_AreBoundedAndKeepBestAndLast(int steps, int interval)
    {
        var curve = new LearningCurve(steps, interval);
        var best = steps / 3 / interval * interval;
        var state = Run(curve, steps, interval, best);

        Assert.InRange(state.Losses.Count, 1, LearningCurve.MaxPoints);
        Assert.InRange(state.Evaluations.Count, 1, LearningCurve.MaxPoints);
        Assert.Equal((steps, steps), (state.Losses[^1].Step, state.Evaluations[^1].Step));
        if (best > 0)
            Assert.Contains(state.Evaluations, point => point.Step == best);
        // Where there is room, nothing is thinned.
        if (steps < LearningCurve.MaxPoints)
            Assert.Equal(steps, state.Losses.Count);
        Assert.Equal(state.Evaluations.Select(point => point.Step).Order().Distinct(), state.Evaluations.Select(point => point.Step));
    }

    [Fact]
    public void Merge_LossesAndEvaluations_IsOneCurveByStep()
    {
        var state = new TrainingState
        {
            Step = 5,
            Losses = [new(2, 1.5, 0.1, 1), new(4, 1.25, 0.2, 2), new(5, 1, 0.3, 3)],
            Evaluations = [new(3, 0.5, 9, 1.5), new(5, 0.75, 8, 4)],
        };

        Assert.Equal(
            [new(2, 1.5, 0.1, null), new(3, null, null, 0.5), new(4, 1.25, 0.2, null), new CurvePoint(5, 1, 0.3, 0.75)],
            LearningCurve.Merge(state));
        Assert.Equal([1, 1.5, 2, 3], LearningCurve.Seconds(state));
    }

    private static TrainingState Run(LearningCurve curve, int steps, int interval, int best)
    {
        var (losses, evaluations) = (new List<LossPoint>(), new List<EvaluationPoint>());
        for (var step = 1; step <= steps; step++)
        {
            if (curve.IsLossPoint(step))
                losses.Add(new LossPoint(step, 1, 1));
            if (step % interval == 0 || step == steps)
                curve.Add(evaluations, new EvaluationPoint(step, 0, 0), step < best ? step : best);
        }
        return new TrainingState { Step = steps, Losses = losses, Evaluations = evaluations };
    }
}
