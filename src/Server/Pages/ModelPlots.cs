using BiT.Core.Reports;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace BiT.Serving.Pages;

/// <summary>The plots of a report as inline SVG.</summary>
internal static class ModelPlots
{
    private const double Width = 350;
    private const double Height = 230;
    private const string Font = "Arial";

    // Readable on white and on black: the page follows the reader's colour scheme.
    private static readonly OxyColor Ink = OxyColor.FromRgb(0x80, 0x80, 0x80);
    private static readonly OxyColor Grid = OxyColor.FromArgb(0x40, 0x80, 0x80, 0x80);
    private static readonly OxyColor Line = OxyColor.FromRgb(0x4a, 0x7e, 0xbb);

    /// <summary>Training loss by step.</summary>
    public static Markup Loss(IReadOnlyList<CurvePoint> curve) =>
        Curve("loss", "Training loss (mean since the point before)", curve, point => point.Loss, fromZero: true);

    /// <summary>Learning rate by step.</summary>
    public static Markup LearningRate(IReadOnlyList<CurvePoint> curve) =>
        Curve("rate", "Learning rate", curve, point => point.LearningRate, fromZero: true);

    /// <summary>Share of validation photos classified right, by step.</summary>
    public static Markup Accuracy(IReadOnlyList<CurvePoint> curve) =>
        Curve("accuracy", "Validation accuracy", curve, point => point.ValidationAccuracy, fromZero: false);

    /// <summary>How often predictions of a probability are right; on the diagonal they are as often as they say.</summary>
    public static Markup Reliability(IReadOnlyList<CalibrationBin> bins)
    {
        var model = Model("probability");
        foreach (var axis in model.Axes)
            (axis.Minimum, axis.Maximum, axis.MajorStep) = (0, 1, 0.2);
        var bars = new RectangleBarSeries { FillColor = OxyColor.FromAColor(0xb0, Line), StrokeThickness = 0 };
        foreach (var bin in bins.Where(bin => bin.PhotoCount > 0))
            bars.Items.Add(new RectangleBarItem(bin.From, 0, bin.To, bin.Accuracy));
        model.Series.Add(bars);
        model.Annotations.Add(new LineAnnotation { Slope = 1, Intercept = 0, Color = Ink, LineStyle = LineStyle.Dash });
        return Figure("reliability", "Reliability: accuracy of the photos by highest probability", model);
    }

    private static Markup Curve(string id, string caption, IReadOnlyList<CurvePoint> curve, Func<CurvePoint, double?> value, bool fromZero)
    {
        var series = new LineSeries { Color = Line, StrokeThickness = 1.5 };
        foreach (var point in curve)
        {
            if (value(point) is { } y)
                series.Points.Add(new DataPoint(point.Step, y));
        }
        if (series.Points.Count == 0)
            return default;
        if (series.Points.Count <= 25)
            (series.MarkerType, series.MarkerSize, series.MarkerFill) = (MarkerType.Circle, 2.5, Line);
        var model = Model("step");
        if (fromZero)
            model.Axes[1].Minimum = 0;
        model.Series.Add(series);
        return Figure(id, caption, model);
    }

    private static PlotModel Model(string horizontal)
    {
        var model = new PlotModel
        {
            Background = OxyColors.Transparent,
            PlotAreaBorderColor = Ink,
            TextColor = Ink,
            // One whose widths the exporter knows; Figure adds what browsers fall back to.
            DefaultFont = Font,
            DefaultFontSize = 11,
            // On the left, room for fallbacks that run wider.
            Padding = new OxyThickness(16, 6, 10, 4),
        };
        model.Axes.Add(Axis(AxisPosition.Bottom, horizontal));
        model.Axes.Add(Axis(AxisPosition.Left, null));
        return model;
    }

    private static LinearAxis Axis(AxisPosition position, string? title) => new()
    {
        Position = position,
        Title = title,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = Grid,
        TicklineColor = Ink,
        AxislineColor = Ink,
        MaximumPadding = 0.02,
        MinimumPadding = 0.02,
    };

    private static Markup Figure(string id, string caption, PlotModel model)
    {
        var exporter = new SvgExporter { Width = Width, Height = Height, IsDocument = false };
        // Several plots share a page, and ids must be unique in it.
        var svg = exporter.ExportToString(model)
            .Replace("id=\"clipPath", $"id=\"{id}-clip", StringComparison.Ordinal)
            .Replace("url(#clipPath", $"url(#{id}-clip", StringComparison.Ordinal)
            .Replace($"font-family=\"{Font}\"", $"font-family=\"{Font}, Helvetica, sans-serif\"", StringComparison.Ordinal);
        return HtmlPage.Of($"<figure role=\"img\" aria-label=\"{caption}\">{new Markup(svg)}<figcaption>{caption}</figcaption></figure>");
    }
}
