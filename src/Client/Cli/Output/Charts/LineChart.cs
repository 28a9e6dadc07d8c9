namespace BiT.CommandLine;

/// <summary>A curve in text, with its highest and lowest value on the left and its range below.</summary>
internal sealed record LineChart
{
    // Narrower or lower than this one sees no curve.
    private const int MinColumns = 10;
    private const int MinRows = 2;

    /// <summary>What it shows, on the line above it.</summary>
    public required string Title { get; init; }

    /// <summary>X by rising order, and y. Values that are not finite are left out.</summary>
    public required IReadOnlyList<(double X, double Y)> Points { get; init; }

    /// <summary>Writes a value of y.</summary>
    public required Func<double, string> Format { get; init; }

    /// <summary>Draws it.</summary>
    /// <param name="width">Columns for all of it.</param>
    /// <param name="rows">Rows of the curve itself; the title and the range take one each besides.</param>
    /// <param name="unicode">Whether braille can be shown.</param>
    /// <returns>The lines, none longer than the width; none if there is no room or nothing to show.</returns>
    public IReadOnlyList<string> Draw(int width, int rows, bool unicode)
    {
        var points = Points.Where(point => double.IsFinite(point.Y)).ToList();
        if (points.Count == 0 || rows < MinRows)
            return [];
        var (least, most) = (points.Min(point => point.Y), points.Max(point => point.Y));
        var (top, bottom) = (Format(most), Format(least));
        var margin = Math.Max(top.Length, bottom.Length) + 1;
        var columns = width - margin;
        if (columns < MinColumns)
            return [];
        var curve = Plot(points, least, most, columns, rows).ToLines(unicode);
        var (begin, end) = (Show.Invariant($"{points[0].X}"), Show.Invariant($"{points[^1].X}"));
        return
        [
            Cut(new string(' ', margin) + Title, width),
            .. curve.Select((line, row) => (row == 0 ? top : row == rows - 1 ? bottom : "").PadLeft(margin - 1) + " " + line),
            Cut(new string(' ', margin) + begin + end.PadLeft(Math.Max(end.Length + 1, columns - begin.Length)), width),
        ];
    }

    private static DotCanvas Plot(List<(double X, double Y)> points, double least, double most, int columns, int rows)
    {
        var canvas = new DotCanvas(columns, rows);
        var (first, last) = (points[0].X, points[^1].X);
        (int X, int Y)? before = null;
        // Many points in one column of dots: their mean, or noise would fill it.
        foreach (var column in points.GroupBy(point => Dot(point.X, first, last, canvas.Width)))
        {
            var dot = (column.Key, canvas.Height - 1 - Dot(column.Average(point => point.Y), least, most, canvas.Height));
            canvas.Line(before ?? dot, dot);
            before = dot;
        }
        return canvas;
    }

    // A flat curve lies in the middle.
    private static int Dot(double value, double from, double to, int count) =>
        to > from ? (int)Math.Clamp((value - from) / (to - from) * (count - 1) + 0.5, 0, count - 1) : (count - 1) / 2;

    private static string Cut(string line, int width) => line.Length <= width ? line.TrimEnd() : line[..width];
}
