namespace BiT.CommandLine;

/// <summary>Loss and validation accuracy over the steps, as charts in text.</summary>
internal static class CurveText
{
    private const int WidthForBoth = 72;
    private const int MaxChartWidth = 60;
    private const int Gap = 3;

    /// <summary>Draws the loss and beside it the accuracy; one below the other where the width does not do for both.</summary>
    /// <param name="points">By rising step; null is what was not measured.</param>
    /// <param name="width">Columns for all of it.</param>
    /// <param name="rows">Rows of a curve.</param>
    /// <param name="unicode">Whether braille can be shown.</param>
    /// <returns>The lines, none longer than the width.</returns>
    public static IReadOnlyList<string> Draw(
        IReadOnlyList<(long Step, double? Loss, double? Accuracy)> points, int width, int rows, bool unicode)
    {
        var loss = new LineChart { Title = "training loss", Format = Show.Number, Points = Series(points, point => point.Loss) };
        var accuracy = new LineChart
        {
            Title = "validation accuracy",
            Format = value => Show.Percent(value),
            Points = Series(points, point => point.Accuracy),
        };
        if (width < WidthForBoth)
            return [.. loss.Draw(width, rows, unicode), .. accuracy.Draw(width, rows, unicode)];
        var each = Math.Min(MaxChartWidth, (width - Gap) / 2);
        return Beside(loss.Draw(each, rows, unicode), accuracy.Draw(each, rows, unicode), each + Gap);
    }

    private static IReadOnlyList<(double, double)> Series(
        IReadOnlyList<(long Step, double? Loss, double? Accuracy)> points,
        Func<(long Step, double? Loss, double? Accuracy), double?> value) =>
        [.. points.Where(point => value(point) is not null).Select(point => ((double)point.Step, value(point).GetValueOrDefault()))];

    private static IReadOnlyList<string> Beside(IReadOnlyList<string> left, IReadOnlyList<string> right, int offset) =>
        right.Count == 0 ? left
        : left.Count == 0 ? right
        : [.. left.Zip(right, (first, second) => (first.PadRight(offset) + second).TrimEnd())];
}
