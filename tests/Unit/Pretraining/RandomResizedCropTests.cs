using BiT.Core.Imaging;
using BiT.Training.Pretraining;
using BiT.Training.Randomness;

namespace BiT.Tests.Unit.Pretraining;

public sealed class RandomResizedCropTests
{
    private const int Draws = 20_000;

    [Fact]
    public void Choose_ManyTimes_HasTheAreasAndRatiosAskedFor()
    {
        var windows = Windows(new RandomResizedCrop(0.25, 0.75, 0.75, 4.0 / 3), 1000, 1000);

        var areas = windows.Select(window => window.Width * window.Height / 1e6).ToArray();
        var ratios = windows.Select(window => Math.Log((double)window.Width / window.Height)).ToArray();
        // Lengths are rounded to a thousandth of the side.
        Assert.All(areas, area => Assert.InRange(area, 0.248, 0.752));
        Assert.All(ratios, ratio => Assert.InRange(ratio, Math.Log(0.748), Math.Log(1.337)));
        // A part of area 0.75 and ratio 4/3 is as wide as the photo: nothing is drawn again, and both are uniform. Standard error 0.001.
        Assert.Equal(0.5, areas.Average(), 0.005);
        Assert.Equal(0, ratios.Average(), 0.007);
        Assert.Equal(0.25, areas.Count(area => area < 0.375) / (double)Draws, 0.015);
    }

    [Fact]
    public void Choose_ManyTimes_ReachesEveryEdgeAndStaysWithin()
    {
        var windows = Windows(new RandomResizedCrop(0.1, 1, 0.5, 2), 50, 30);

        Assert.All(windows, window => Assert.True(
            window is { Left: >= 0, Top: >= 0, Width: >= 1, Height: >= 1 } && window.Left + window.Width <= 50 && window.Top + window.Height <= 30, window.ToString()));
        Assert.Contains(windows, window => window.Left == 0);
        Assert.Contains(windows, window => window.Top == 0);
        Assert.Contains(windows, window => window.Left + window.Width == 50);
        Assert.Contains(windows, window => window.Top + window.Height == 30);
    }

    // No part of the whole area has a ratio of 3/4 to 4/3 there: the largest centred one that has is taken.
    [Theory]
    [InlineData(300, 100, 84, 0, 133, 100)]
    [InlineData(100, 300, 0, 84, 100, 133)]
    [InlineData(100, 100, 0, 0, 100, 100)]
    public void Choose_WhatDoesNotFit_TakesTheLargestCentred(int width, int height, int left, int top, int partWidth, int partHeight)
    {
        var crop = new RandomResizedCrop(1, 1, width == height ? 1 : 0.75, width == height ? 1 : 4.0 / 3);
        var window = Windows(crop, width, height)[0];

        // Half of an odd rest goes to either side.
        Assert.InRange(window.Left, left - 1, left);
        Assert.InRange(window.Top, top - 1, top);
        Assert.Equal((partWidth, partHeight), (window.Width, window.Height));
    }

    [Fact]
    public void Choose_OnePixel_IsThatPixel() => Assert.All(Windows(new RandomResizedCrop(0.01, 1, 0.1, 10), 1, 1), window => Assert.Equal(new PhotoWindow(0, 0, 1, 1), window));

    private static PhotoWindow[] Windows(RandomResizedCrop crop, int width, int height) => [.. Enumerable.Range(0, Draws).Select(position =>
    {
        var random = new CounterRandom(5, RandomStream.Augmentation, position);
        return crop.Choose(ref random, width, height);
    })];
}
