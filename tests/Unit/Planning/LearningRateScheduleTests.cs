using BiT.Training.Planning;
using CsCheck;

namespace BiT.Tests.Unit.Planning;

public sealed class LearningRateScheduleTests
{
    private static LearningRateSchedule SmallSet => LearningRateSchedule.FromHyperRule(HyperRule.Schedule(100), 0.003);

    [Fact]
    public void Landmarks_HyperRule_ListsEachBoundaryAndTheStepAfterIt()
    {
        (int, double?)[] expected =
        [
            (0, 0), (1, 0.003 * 1 / 100), (100, 0.003), (101, 0.003), (200, 0.003), (201, 0.003 / 10), (300, 0.003 / 10),
            (301, 0.003 / 10 / 10), (400, 0.003 / 10 / 10), (401, 0.003 / 10 / 10 / 10), (500, null), (501, null),
        ];
        Assert.Equal(expected, SmallSet.Landmarks().Select(point => (point.Step, point.Value)));
    }

    [Fact]
    public void Landmarks_NeighbouringBoundaries_ListEachStepOnce()
    {
        LearningRateSchedule schedule = SmallSet with { WarmupSteps = 0, DecayBoundaries = [1, 2], Steps = 3 };
        Assert.Equal([0, 1, 2, 3, 4], schedule.Landmarks().Select(point => point.Step));
    }

    [Fact]
    public void Cosine_Course_WarmsUpThenFallsToZero()
    {
        LearningRateSchedule schedule = LearningRateSchedule.Cosine(0.01, 10, 110);
        Assert.Equal(0, schedule.RateAt(0));
        Assert.Equal(0.005, schedule.RateAt(5));
        Assert.Equal(0.01, schedule.RateAt(10));
        Assert.Equal(0.005, schedule.RateAt(60) ?? -1, 1e-12);
        // One step before the end: 0.005 * (1 + cos(0.99 pi)) = 2.467e-6.
        Assert.Equal(2.467e-6, schedule.RateAt(109) ?? -1, 1e-9);
        Assert.Null(schedule.RateAt(110));
    }

    [Fact]
    public void RateAt_NoWarmup_StartsAtTheBaseRate() => Assert.Equal(0.003, (SmallSet with { WarmupSteps = 0 }).RateAt(0));

    [Fact]
    public void RateAt_NegativeStep_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => SmallSet.RateAt(-1));

    [Theory]
    [InlineData(50, 10, new[] { 20, 30, 40 })]
    [InlineData(1000, 200, new[] { 400, 600, 800 })]
    [InlineData(7, 1, new[] { 3, 4, 6 })] // 1.4, 2.8, 4.2, 5.6
    [InlineData(1, 0, new[] { 1, 1, 1 })]
    public void ScaledTo_OtherLength_MovesBoundariesInProportion(int steps, int warmup, int[] boundaries)
    {
        LearningRateSchedule scaled = SmallSet.ScaledTo(steps);
        Assert.Equal((warmup, steps, 0.003), (scaled.WarmupSteps, scaled.Steps, scaled.BaseRate));
        Assert.Equal(boundaries, scaled.DecayBoundaries);
        Assert.Empty(scaled.Violations());
    }

    [Fact]
    public void RateAt_AnyScaledCourse_StaysWithinBoundsAndNeverRisesAfterWarmup() =>
        Gen.Select(Gen.Int[1, 3000], Gen.Bool).Sample((steps, cosine) =>
        {
            LearningRateSchedule schedule = (cosine ? LearningRateSchedule.Cosine(0.01, 100, 500) : SmallSet).ScaledTo(steps);
            double previous = double.PositiveInfinity;
            for (int step = 0; step < steps; step++)
            {
                double rate = schedule.RateAt(step) ?? -1;
                Assert.InRange(rate, 0, schedule.BaseRate);
                if (step < schedule.WarmupSteps) continue;
                Assert.True(rate <= previous);
                previous = rate;
            }
            Assert.Null(schedule.RateAt(steps));
        }, iter: 50);
}
