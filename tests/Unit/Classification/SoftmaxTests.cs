using BiT.Core.Classification;

namespace BiT.Tests.Unit.Classification;

public sealed class SoftmaxTests
{
    [Theory]
    [InlineData(new float[] { 3 })]
    [InlineData(new float[] { 0, 0, 0 })]
    [InlineData(new float[] { -100, 5 })]
    [InlineData(new float[] { 1000, 999, -1000 })]
    [InlineData(new float[] { -1e30f, 1e30f })]
    [InlineData(new float[] { 0.1f, 2, -3, 4.5f, 1, 1, 1, 2.25f, -8, 0, 7 })]
    public void Probabilities_AnyLogits_EqualTheFormulaInDouble(float[] logits)
    {
        var exponentials = logits.Select(logit => Math.Exp((double)logit - logits.Max())).ToArray();
        var actual = new float[logits.Length];

        Softmax.Probabilities(logits, actual);

        // float32: half a unit each for the difference, the exponential, the sum and the quotient; the exponential scales the first.
        for (var i = 0; i < logits.Length; i++)
            Assert.Equal(exponentials[i] / exponentials.Sum(), actual[i], tolerance: 2e-6);
    }

    [Fact]
    public void Probabilities_AnyAddress_SameBits()
    {
        var logits = Enumerable.Range(0, 1000).Select(i => MathF.Sin(i) * 10).ToArray();
        var expected = new float[1000];
        Softmax.Probabilities(logits, expected);

        for (var offset = 0; offset < 16; offset++)
        {
            var moved = new float[1000 + offset];
            logits.CopyTo(moved, offset);
            Softmax.Probabilities(moved.AsSpan(offset), moved.AsSpan(offset)); // in place
            Assert.Equal(expected, moved[offset..]);
        }
    }

    [Fact]
    public void Probabilities_NotANumber_StaysVisible()
    {
        var probabilities = new float[3];

        Softmax.Probabilities([1, float.NaN, 2], probabilities);

        Assert.All(probabilities, value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Probabilities_NoLogitsOrWrongLength_IsABug()
    {
        Assert.Throws<ArgumentException>(() => Softmax.Probabilities([], []));
        Assert.Throws<ArgumentException>(() => Softmax.Probabilities([1, 2], new float[3]));
    }
}
