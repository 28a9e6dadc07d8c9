using BiT.Training.Datasets;
using BiT.Training.Randomness;

namespace BiT.Tests.Unit.Datasets;

/// <summary>Random choices are pure functions of seed and position, and have the distributions that they claim.</summary>
public sealed class RandomChoiceTests
{
    [Fact]
    public void SampleOrder_OverAnEpoch_VisitsEveryPhotoOnceInAnotherOrderThanTheNext()
    {
        var order = new SampleOrder(1, 50, withReplacement: false);
        var first = Enumerable.Range(0, 50).Select(position => order.At(position)).ToArray();
        var second = Enumerable.Range(50, 50).Select(position => order.At(position)).ToArray();

        Assert.Equal(Enumerable.Range(0, 50), first.Order());
        Assert.Equal(Enumerable.Range(0, 50), second.Order());
        Assert.NotEqual(first, second);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SampleOrder_AskedFromTheMiddle_GivesWhatTheWholeRunGave(bool withReplacement)
    {
        var run = new SampleOrder(1, 7, withReplacement);
        var whole = Enumerable.Range(0, 40).Select(position => run.At(position)).ToArray();
        var resumed = new SampleOrder(1, 7, withReplacement);

        Assert.Equal(whole[23..], Enumerable.Range(23, 17).Select(position => resumed.At(position)));
    }

    // Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1)); 20,000 draws give both to about 1 %.
    [Theory]
    [InlineData(0.1)]
    [InlineData(1)]
    [InlineData(4)]
    public void MixupLambda_OverManySteps_HasTheMomentsOfBeta(double alpha)
    {
        var mixup = new Mixup(3, alpha);
        var draws = Enumerable.Range(0, 20_000).Select(step => (double)mixup.Lambda(step)).ToArray();
        var mean = draws.Average();
        var variance = draws.Average(draw => (draw - mean) * (draw - mean));

        Assert.All(draws, draw => Assert.InRange(draw, 0, 1));
        Assert.Equal(0.5, mean, 0.02);
        Assert.Equal(1 / (4 * (2 * alpha + 1)), variance, 0.02);
    }

    [Fact]
    public void Mixup_Off_IsTheIdentity()
    {
        var mixup = new Mixup(3, 0);

        Assert.Equal(1, mixup.Lambda(5));
        Assert.Equal([0, 1, 2], mixup.Permutation(5, 0, 3));
    }

    [Fact]
    public void CounterRandom_Streams_AreIndependent()
    {
        var first = new CounterRandom(1, RandomStream.Order, 0);
        var second = new CounterRandom(1, RandomStream.Augmentation, 0);
        var third = new CounterRandom(2, RandomStream.Order, 0);

        Assert.Equal(3, new HashSet<ulong> { first.NextUInt64(), second.NextUInt64(), third.NextUInt64() }.Count);
    }

    // chi-squared with 9 degrees of freedom is below 40 in all but 1 of 100,000 cases; the seed is fixed.
    [Fact]
    public void NextInt32_OverManyDraws_IsUniform()
    {
        var random = new CounterRandom(8, RandomStream.Order, 1);
        var counts = new int[10];
        for (var draw = 0; draw < 10_000; draw++)
            counts[random.NextInt32(10)]++;

        Assert.InRange(counts.Sum(count => (count - 1000.0) * (count - 1000.0) / 1000), 0, 40);
    }
}
