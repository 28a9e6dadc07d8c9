using BiT.Bench.Timing;

namespace BiT.Tests.Unit.Bench.Timing;

public sealed class SampleTests
{
    // Expected: R, quantile(x, c(.25, .5, .75)), type 7.
    [Theory]
    [InlineData(new[] { 7.0 }, 7, 7, 7)]
    [InlineData(new[] { 4.0, 2 }, 2.5, 3, 3.5)]
    [InlineData(new[] { 3.0, 1, 2 }, 1.5, 2, 2.5)]
    [InlineData(new[] { 10.0, 1, 3, 2 }, 1.75, 2.5, 4.75)]
    [InlineData(new[] { 5.0, 1, 4, 2, 3 }, 2, 3, 4)]
    public void Quartiles_OfTimesInAnyOrder_AreThoseOfType7(double[] times, double lower, double median, double upper)
    {
        var sample = new Sample(times);

        Assert.Equal((lower, median, upper), (sample.LowerQuartile, sample.Median, sample.UpperQuartile));
        Assert.Equal(times.Length, sample.Count);
    }

    [Fact]
    public void Sample_WithoutTimes_IsRefused() => Assert.Throws<ArgumentException>(() => new Sample([]));
}
