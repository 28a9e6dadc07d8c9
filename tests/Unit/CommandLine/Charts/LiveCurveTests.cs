using BiT.CommandLine;

namespace BiT.Tests.Unit.CommandLine.Charts;

public sealed class LiveCurveTests
{
    [Fact]
    public void Draw_SmallScreens_GetLessOrNothing()
    {
        var curve = Filled(1, 2, 3);

        Assert.Empty(curve.Draw(39, 50, unicode: true));
        Assert.Empty(curve.Draw(200, 13, unicode: true));
        Assert.Contains("training loss", curve.Draw(100, 30, unicode: true)[0]);
        Assert.Contains("validation accuracy", curve.Draw(100, 30, unicode: true)[0]);
        var narrow = curve.Draw(50, 30, unicode: true);
        Assert.DoesNotContain("validation accuracy", narrow[0]);
        Assert.Contains(narrow, line => line.Contains("validation accuracy", StringComparison.Ordinal));
        for (var width = 0; width < 130; width++)
        {
            for (var height = 0; height < 60; height += 7)
            {
                var lines = curve.Draw(width, height, unicode: true);
                Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
                // The line of progress and a line of notes stay visible.
                Assert.InRange(lines.Count, 0, Math.Max(0, height - 2));
            }
        }
    }

    [Fact]
    public void Draw_BeforeTwoSamples_IsEmpty() => Assert.Empty(Filled(1).Draw(100, 30, unicode: true));

    [Fact]
    public void Add_AfterAResumption_DropsWhatIsDoneAgain()
    {
        var curve = Filled(10, 20, 30, 15, 25);

        var range = curve.Draw(100, 30, unicode: true)[^1];

        Assert.Matches("^ +10 +25 +10 +25$", range);
    }

    [Fact]
    public void Add_WithoutEnd_StaysBoundedAndKeepsFirstAndLast()
    {
        var curve = Filled([.. Enumerable.Range(1, 20 * LiveCurve.MaxSamples)]);

        Assert.InRange(curve.Count, LiveCurve.MaxSamples / 2, LiveCurve.MaxSamples);
        Assert.Matches("^ +1 +20000 +1 +20000$", curve.Draw(100, 30, unicode: true)[^1]);
    }

    private static LiveCurve Filled(params int[] steps)
    {
        var curve = new LiveCurve();
        foreach (var step in steps)
            curve.Add(new CurveSample(step, 1.0 / step, step / 100_000.0));
        return curve;
    }
}
