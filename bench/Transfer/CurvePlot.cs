using System.Text.Json;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace BiT.Bench.Transfer;

/// <summary>Validation accuracy by step, a line per way, for one number of photos per class: of lines that <see cref="TransferBench"/> wrote.</summary>
internal static class CurvePlot
{
    private const double Width = 560;
    private const double Height = 300;

    // Readable on white and on black.
    private static readonly OxyColor Ink = OxyColor.FromRgb(0x80, 0x80, 0x80);
    private static readonly OxyColor Grid = OxyColor.FromArgb(0x40, 0x80, 0x80, 0x80);

    // Told apart by all kinds of colour vision (Okabe and Ito 2008).
    private static readonly Dictionary<string, OxyColor> Colors = new()
    {
        ["full"] = OxyColor.FromRgb(0x00, 0x72, 0xb2),
        ["head+full"] = OxyColor.FromRgb(0xd5, 0x5e, 0x00),
        ["scratch"] = OxyColor.FromRgb(0x00, 0x9e, 0x73),
    };

    /// <summary>SVG documents by number of photos per class.</summary>
    /// <param name="lines">Lines of JSON; others are passed over. <c>head</c>, and what <c>auto</c> publishes, have steps of another kind and are left out.</param>
    /// <exception cref="JsonException">A line is no JSON.</exception>
    public static IReadOnlyDictionary<string, string> Draw(IEnumerable<string> lines) => lines
        .Where(line => line.StartsWith('{'))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(result => Colors.ContainsKey(Text(result, "way")))
        .GroupBy(result => Text(result, "per_class"))
        .ToDictionary(group => group.Key, Draw);

    private static string Draw(IGrouping<string, JsonElement> results)
    {
        var model = new PlotModel
        {
            Title = $"{results.Key} photos per class", TitleFontSize = 12, TitleFontWeight = FontWeights.Normal,
            DefaultFont = "Arial", DefaultFontSize = 11, TextColor = Ink, PlotAreaBorderColor = Ink, Background = OxyColors.Transparent,
        };
        model.Axes.Add(Axis(AxisPosition.Bottom, "step"));
        model.Axes.Add(Axis(AxisPosition.Left, "validation accuracy, %"));
        model.Legends.Add(new Legend { LegendPosition = LegendPosition.RightBottom, LegendTextColor = Ink });
        foreach (var result in results)
        {
            var way = Text(result, "way");
            var line = new LineSeries { Title = way, Color = Colors[way], MarkerType = MarkerType.Circle, MarkerSize = 2, MarkerFill = Colors[way] };
            foreach (var point in result.GetProperty("curve").EnumerateArray())
                line.Points.Add(new DataPoint(point[0].GetDouble(), 100 * point[1].GetDouble()));
            model.Series.Add(line);
        }
        return new SvgExporter { Width = Width, Height = Height }.ExportToString(model);
    }

    private static LinearAxis Axis(AxisPosition position, string title) => new()
    {
        Position = position, Title = title, MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = Grid, TicklineColor = Ink, AxislineColor = Ink,
    };

    private static string Text(JsonElement result, string name) => result.GetProperty(name).GetString() ?? "";
}
