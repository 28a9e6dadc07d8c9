using BiT.CommandLine;

namespace BiT.Tests.Unit.CommandLine.Charts;

public sealed class LineChartTests
{
    [Fact]
    public void Draw_RisingLine_GoesFromBottomLeftToTopRight()
    {
        var lines = Chart((0, 0), (30, 3)).Draw(16, 3, unicode: true);

        Assert.Equal(["  title", "3          ⢀⡠⠤⠒⠉", "      ⢀⣀⠤⠒⠉⠁", "0 ⣀⠤⠒⠊⠁", "  0           30"], lines);
    }

    [Fact]
    public void Draw_FlatCurve_LiesInTheMiddle()
    {
        var lines = Chart((1, 5), (2, 5), (3, 5)).Draw(20, 3, unicode: false);

        Assert.Equal("5", lines[1].Trim());
        Assert.Equal(new string('*', 18), lines[2].Trim());
        Assert.Equal("5", lines[3].Trim());
    }

    [Fact]
    public void Draw_ValuesThatAreNotFinite_AreLeftOut()
    {
        var lines = Chart((1, double.NaN), (2, 1), (3, double.PositiveInfinity), (4, 2)).Draw(30, 2, unicode: false);

        Assert.StartsWith("2 ", lines[1]);
        Assert.StartsWith("1 ", lines[2]);
        Assert.Empty(Chart((1, double.NaN)).Draw(30, 2, unicode: false));
        Assert.Empty(Chart().Draw(30, 2, unicode: false));
    }

    [Fact]
    public void Draw_AnyWidth_NeverRunsOver()
    {
        var points = Enumerable.Range(0, 3000).Select(step => ((double)step, Math.Sin(step / 50.0) * 1e6)).ToArray();
        for (var width = -1; width < 90; width++)
        {
            var lines = Chart(points).Draw(width, 4, unicode: true);
            Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
            Assert.Equal(width >= 17 ? 6 : 0, lines.Count);
        }
    }

    private static LineChart Chart(params (double, double)[] points) => new() { Title = "title", Points = points, Format = Show.Number };
}
