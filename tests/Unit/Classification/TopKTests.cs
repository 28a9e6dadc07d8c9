using BiT.Core.Classification;

namespace BiT.Tests.Unit.Classification;

public sealed class TopKTests
{
    [Fact]
    public void Select_Ties_TakeTheLowerIndexFirst() =>
        Assert.Equal(
            [new ScoredClass(3, 0.4f), new ScoredClass(1, 0.2f), new ScoredClass(2, 0.2f)],
            TopK.Select([0.1f, 0.2f, 0.2f, 0.4f, 0.2f], 3));

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(99)]
    [InlineData(100)]
    [InlineData(int.MaxValue)]
    public void Select_AnyCount_EqualsAStableSort(int k)
    {
        // Many ties: 100 classes, 13 values.
        var probabilities = Enumerable.Range(0, 100).Select(i => i * 37 % 13 / 13f).ToArray();

        var expected = probabilities.Select((value, i) => new ScoredClass(i, value)).OrderByDescending(item => item.Probability).Take(k);

        Assert.Equal(expected, TopK.Select(probabilities, k));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Select_NotANumber_IsRefused(int position)
    {
        var probabilities = new[] { 0.5f, 0.3f, 0.2f };
        probabilities[position] = float.NaN;

        Assert.Contains(
            $"class {position}", Assert.Throws<ArgumentException>(() => TopK.Select(probabilities, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Select_NoneWanted_IsABug() => Assert.Throws<ArgumentOutOfRangeException>(() => TopK.Select([1f], 0));
}
