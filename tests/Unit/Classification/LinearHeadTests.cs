using BiT.Core.Classification;
using BiT.Core.Weights;

namespace BiT.Tests.Unit.Classification;

public sealed class LinearHeadTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(32, 5)]
    [InlineData(2048, 10)]
    [InlineData(2051, 4)]
    public void Apply_Batch_EqualsTheSumInDouble(int features, int classes)
    {
        var (kernel, bias, inputs) = (Numbers(features * classes, 1), Numbers(classes, 2), Numbers(3 * features, 3));
        var logits = new float[3 * classes];

        new LinearHead(kernel, bias, features).Apply(inputs, logits);

        for (var n = 0; n < 3; n++)
        {
            for (var k = 0; k < classes; k++)
            {
                var terms = Enumerable.Range(0, features)
                    .Select(f => (double)inputs[(n * features) + f] * kernel[(f * classes) + k]).ToArray();
                // Each of at most F/32 + 40 additions rounds by 2^-24 of what has been added up.
                var tolerance = ((features / 32) + 40) * Math.Pow(2, -24) * (terms.Sum(Math.Abs) + 1);
                Assert.Equal(terms.Sum() + bias[k], logits[(n * classes) + k], tolerance);
            }
        }
    }

    [Fact]
    public void Apply_AnyBatchAndAddress_SameBits()
    {
        const int Features = 515;
        var head = new LinearHead(Numbers(Features * 6, 1), Numbers(6, 2), Features);
        var inputs = Numbers(Features * 9, 3);
        var batch = new float[9 * 6];
        head.Apply(inputs, batch);

        for (var n = 0; n < 9; n++)
        {
            var moved = new float[Features + n];
            inputs.AsSpan(n * Features, Features).CopyTo(moved.AsSpan(n));
            var single = new float[6];
            head.Apply(moved.AsSpan(n), single);
            Assert.Equal(batch[(n * 6)..((n + 1) * 6)], single);
        }
    }

    [Fact]
    public void Load_OfficialLayout_IsRead()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "head.npz");
        NpzFile.Write(path, [
            new(LinearHead.KernelName, new NpyArray([1, 1, 2, 3], [1, 2, 3, 4, 5, 6])),
            new(LinearHead.BiasName, new NpyArray([3], [10, 20, 30]))]);
        var logits = new float[3];

        var head = LinearHead.Load(path);
        head.Apply([1, 100], logits);

        Assert.Equal((2, 3), (head.FeatureCount, head.ClassCount));
        Assert.Equal([411, 522, 633], logits);
    }

    [Fact]
    public void Load_NoHead_SaysWhatIsExpected()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "head.npz");
        var bias = new KeyValuePair<string, NpyArray>(LinearHead.BiasName, new NpyArray([3], new float[3]));

        NpzFile.Write(path, [bias]);
        Assert.Contains(
            LinearHead.KernelName, Assert.Throws<InvalidDataException>(() => LinearHead.Load(path)).Message, StringComparison.Ordinal);
        foreach (var shape in (int[][])[[2, 3], [1, 1, 3, 2], [3, 1, 2, 3]])
        {
            var kernel = new NpyArray(shape, new float[shape.Aggregate(1, (product, size) => product * size)]);
            NpzFile.Write(path, [new(LinearHead.KernelName, kernel), bias]);
            Assert.Contains(
                $"({string.Join(", ", shape)})",
                Assert.Throws<InvalidDataException>(() => LinearHead.Load(path)).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void LinearHead_WrongLengths_AreBugs()
    {
        Assert.Throws<ArgumentException>(() => new LinearHead(new float[5], new float[2], 3));
        Assert.Throws<ArgumentException>(() => new LinearHead([], [], 3));
        var head = new LinearHead(new float[6], new float[2], 3);
        Assert.Throws<ArgumentException>(() => head.Apply(new float[4], new float[2]));
        Assert.Throws<ArgumentException>(() => head.Apply(new float[6], new float[2]));
    }

    private static float[] Numbers(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin((i * 1.7f) + seed))];
}
