using BiT.Training.Planning;
using CsCheck;

namespace BiT.Tests.Unit.Planning;

public sealed class HyperRuleTests
{
    [Theory]
    [InlineData(1, 1, 160, 128)]
    [InlineData(32, 32, 160, 128)]
    [InlineData(96, 95, 160, 128)]
    [InlineData(95, 96, 160, 128)]
    [InlineData(96, 96, 512, 480)]
    [InlineData(9215, 1, 160, 128)]
    [InlineData(9216, 1, 512, 480)]
    [InlineData(240, 320, 512, 480)]
    [InlineData(int.MaxValue, int.MaxValue, 512, 480)]
    public void ResolutionOf_Size_FollowsTheArea(int height, int width, int resize, int crop) =>
        Assert.Equal(new Resolution(resize, crop), HyperRule.ResolutionOf(height, width));

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    [InlineData(-3, -3)]
    public void ResolutionOf_NoPixels_IsRefused(int height, int width) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => HyperRule.ResolutionOf(height, width));

    [Theory]
    [InlineData(1, 0.0, new[] { 100, 200, 300, 400, 500 })]
    [InlineData(19_999, 0.0, new[] { 100, 200, 300, 400, 500 })]
    [InlineData(20_000, 0.1, new[] { 500, 3000, 6000, 9000, 10_000 })]
    [InlineData(499_999, 0.1, new[] { 500, 3000, 6000, 9000, 10_000 })]
    [InlineData(500_000, 0.1, new[] { 500, 6000, 12_000, 18_000, 20_000 })]
    [InlineData(int.MaxValue, 0.1, new[] { 500, 6000, 12_000, 18_000, 20_000 })]
    public void Schedule_SetSize_FollowsTheThreeClasses(int trainCount, double alpha, int[] schedule)
    {
        Assert.Equal(alpha, HyperRule.MixupAlpha(trainCount));
        Assert.Equal(schedule, HyperRule.Schedule(trainCount));
    }

    [Theory]
    [InlineData(100, 128, new[] { 400, 800, 1200, 1600, 2000 }, 0.00075)]
    [InlineData(100, 64, new[] { 800, 1600, 2400, 3200, 4000 }, 0.000375)]
    [InlineData(20_000, 128, new[] { 2000, 12_000, 24_000, 36_000, 40_000 }, 0.00075)]
    [InlineData(20_000, 64, new[] { 4000, 24_000, 48_000, 72_000, 80_000 }, 0.000375)]
    [InlineData(500_000, 128, new[] { 2000, 24_000, 48_000, 72_000, 80_000 }, 0.00075)]
    [InlineData(500_000, 64, new[] { 4000, 48_000, 96_000, 144_000, 160_000 }, 0.000375)]
    [InlineData(100, 96, new[] { 533, 1067, 1600, 2133, 2667 }, 0.0005625)] // 533.33, 1066.67, ...: to the nearest
    [InlineData(100, 4096, new[] { 13, 25, 38, 50, 63 }, 0.024)] // 12.5, 37.5, 62.5: half up
    public void Schedule_OtherBatch_IsStretchedAndTheRateScaled(int trainCount, int batch, int[] schedule, double rate)
    {
        Assert.Equal(schedule, HyperRule.Schedule(trainCount, batch));
        Assert.Equal(rate, HyperRule.LearningRate(batch), 1e-15);
    }

    // The values of get_lr for fewer than 20,000 photos, by hand: 0.003 * step / 100, then a tenth behind each of 200, 300, 400.
    [Theory]
    [InlineData(0, 0.0)]
    [InlineData(1, 0.00003)]
    [InlineData(50, 0.0015)]
    [InlineData(99, 0.00297)]
    [InlineData(100, 0.003)]
    [InlineData(101, 0.003)]
    [InlineData(199, 0.003)]
    [InlineData(200, 0.003)]
    [InlineData(201, 0.0003)]
    [InlineData(300, 0.0003)]
    [InlineData(301, 0.00003)]
    [InlineData(400, 0.00003)]
    [InlineData(401, 0.000003)]
    [InlineData(499, 0.000003)]
    public void LearningRateAt_SmallSet_DecaysOneStepBehindEachBoundary(int step, double rate)
    {
        double? actual = HyperRule.LearningRateAt(step, HyperRule.Schedule(100));
        Assert.NotNull(actual);
        Assert.Equal(rate, actual.Value, 1e-15);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(501)]
    [InlineData(int.MaxValue)]
    public void LearningRateAt_End_Stops(int step) => Assert.Null(HyperRule.LearningRateAt(step, HyperRule.Schedule(100)));

    [Fact]
    public void LearningRateAt_Decays_DividesOncePerDecayAsTheOriginalDoes()
    {
        // 0.003 / 10 / 10 / 10 and 0.003 / 1000 differ in the last bit.
        Assert.Equal(0.003 / 10 / 10 / 10, HyperRule.LearningRateAt(401, HyperRule.Schedule(100)));
        Assert.NotEqual(0.003 / 1000, HyperRule.LearningRateAt(401, HyperRule.Schedule(100)));
    }

    [Fact]
    public void Schedule_AnyBatch_SeesAsManyPhotosToHalfABatch() =>
        Gen.Select(Gen.Int[1, 1_000_000], Gen.Int[1, 4096]).Sample((trainCount, batch) =>
        {
            IReadOnlyList<int> unscaled = HyperRule.Schedule(trainCount);
            IReadOnlyList<int> scaled = HyperRule.Schedule(trainCount, batch);
            for (int i = 0; i < unscaled.Count; i++)
                Assert.InRange(Math.Abs(((long)scaled[i] * batch) - ((long)unscaled[i] * 512)), 0, batch / 2.0);
        });

    [Fact]
    public void LearningRateAt_AnyStep_EqualsTheScheduleInEveryBit() =>
        Gen.Select(Gen.Int[1, 1_000_000], Gen.Int[1, 4096], Gen.Int[0, 200_000]).Sample((trainCount, batch, step) =>
        {
            IReadOnlyList<int> schedule = HyperRule.Schedule(trainCount, batch);
            double rate = HyperRule.LearningRate(batch);
            Assert.Equal(HyperRule.LearningRateAt(step, schedule, rate), LearningRateSchedule.FromHyperRule(schedule, rate).RateAt(step));
        });
}
