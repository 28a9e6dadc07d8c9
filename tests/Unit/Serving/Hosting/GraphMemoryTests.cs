using BiT.Serving.Hosting;

namespace BiT.Tests.Unit.Serving.Hosting;

public sealed class GraphMemoryTests
{
    private const long PerImage = 1000;

    [Theory]
    [InlineData(4 * 16 * PerImage, 16)]
    [InlineData(4 * 16 * PerImage - 1, 15)]
    [InlineData(long.MaxValue, 16)]
    [InlineData(1, 1)]
    public void BatchSize_IsWhatAQuarterOfTheBudgetHolds(long budget, int expected) =>
        Assert.Equal(expected, GraphMemory.BatchSize(PerImage, budget, most: 16));

    [Fact]
    public void BytesPerImage_R50x1At224_IsNotBelowWhatWasMeasured() =>
        // Resident memory grew by 46 MB per image on plain operators.
        Assert.InRange(GraphMemory.BytesPerImage(2048, 224, 224), 46L << 20, 60L << 20);

    [Fact]
    public void Bytes_CountWeightsTwiceAndTheWholeBatch() => Assert.Equal(2 * 70 + 3 * PerImage, GraphMemory.Bytes(70, PerImage, 3));
}
