using System.Globalization;
using BiT.Core.Imaging;
using BiT.Core.Reports;
using BiT.Core.Store;
using BiT.Serving.Batching;

namespace BiT.Serving.Pages;

/// <summary>The page of a version: what it is, how it learned and how right it is.</summary>
internal sealed class ModelReportPage(Workspace workspace, DecodePool decoding)
{
    // What a person can look at; beyond it the page says how many more there are.
    private const int MaxClassRows = 200;
    private const int MaxConfusionClasses = 30;
    private const int MaxConfusedPairs = 50;
    private const int MaxLabelsShown = 100;

    // Longest side in pixels; the style of HtmlPage leaves 144.
    private const int ThumbnailSide = 128;

    /// <summary>Makes the page.</summary>
    /// <param name="version">The version.</param>
    /// <param name="report">Its report; null if it has none.</param>
    /// <param name="cancellationToken">Ends the decoding of thumbnails.</param>
    /// <returns>UTF-8.</returns>
    public async Task<byte[]> RenderAsync(ModelVersionRecord version, VersionReport? report, CancellationToken cancellationToken)
    {
        var page = new HtmlPage($"{version.Id.ModelId}, version {version.Id.Number}");
        AddFacts(page, version, report);
        if (report is null)
            page.Add($"<p class=\"muted\">There is no report: the version was imported, or published before there were reports.</p>");
        if (report is { Curve.Count: > 0 })
        {
            page.Add($"<h2>How it learned</h2>")
                .Add($"<div class=\"plots\">{ModelPlots.Loss(report.Curve)}{ModelPlots.Accuracy(report.Curve)}{ModelPlots.LearningRate(report.Curve)}</div>");
        }
        if (report?.Evaluation is { } evaluation)
        {
            page.Add($"<h2>How sure it is</h2>").Add($"<div class=\"plots\">{ModelPlots.Reliability(evaluation.Calibration)}</div>");
            page.Add($"<p>Expected calibration error {Percent(evaluation.ExpectedCalibrationError)}: on average, the probability that it names differs by so much from how often it is right.</p>");
            AddConfusion(page, evaluation);
            AddClasses(page, evaluation);
            await AddHighestLossesAsync(page, evaluation, cancellationToken);
        }
        else if (report is not null)
        {
            page.Add($"<p class=\"muted\">It was trained without validation photos, so nothing says how right it is.</p>");
        }
        return page.ToUtf8();
    }

    private static void AddFacts(HtmlPage page, ModelVersionRecord version, VersionReport? report)
    {
        var manifest = version.Manifest;
        var facts = new List<(string Name, string Value)>
        {
            ("version", version.Id.ToString()),
            ("published", version.CreateTime.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
            ("network", manifest.Network),
            ("method", manifest.Method),
            ("input", $"{manifest.InputSize} x {manifest.InputSize}"),
            ("classes", Labels(manifest.Labels)),
            ("learned from", manifest.DatasetId is { } dataset ? $"datasets/{dataset}" : ""),
            ("job", manifest.JobId is { } job ? $"fineTuneJobs/{job}" : ""),
        };
        if (report?.Evaluation is { } evaluation)
        {
            facts.AddRange([
                ("measured on", $"{evaluation.PhotoCount} photos of datasets/{report.DatasetId}"),
                ("accuracy", Percent(evaluation.Top1Accuracy)),
                ("among the best five", Percent(evaluation.Top5Accuracy)),
                ("mean loss", Number(evaluation.Loss)),
            ]);
        }
        if (report is { Curve.Count: > 0 })
        {
            facts.Add(("trained", string.Create(CultureInfo.InvariantCulture,
                $"{report.Curve[^1].Step} steps, {TimeSpan.FromSeconds(Math.Round(CurveSeconds.Of(manifest, report)[^1])):c}")));
        }
        var rows = facts.Where(fact => fact.Value.Length > 0).Select(fact => HtmlPage.Of($"<tr><th>{fact.Name}</th><td>{fact.Value}</td></tr>\n"));
        page.Add($"<table>\n{Markup.Join(rows)}</table>");
    }

    private static void AddConfusion(HtmlPage page, EvaluationReport evaluation)
    {
        page.Add($"<h2>What it takes for what</h2>");
        if (evaluation.Classes.Count <= MaxConfusionClasses)
        {
            page.Add($"<p class=\"muted\">Rows: what a photo is labelled. Columns: what it was taken for. Photos; the colour is their share of the row.</p>");
            page.Add($"{ConfusionTable(evaluation)}");
            return;
        }
        var pairs = evaluation.Confusion.Where(cell => cell.Actual != cell.Predicted).OrderByDescending(cell => cell.PhotoCount).ToList();
        page.Add($"<p class=\"muted\">The most frequent of {pairs.Count} confused pairs of {evaluation.Classes.Count} classes.</p>");
        var rows = pairs.Take(MaxConfusedPairs).Select(cell => HtmlPage.Of(
            $"<tr><td>{evaluation.Classes[cell.Actual].Label}</td><td>{evaluation.Classes[cell.Predicted].Label}</td><td class=\"number\">{cell.PhotoCount}</td><td class=\"number\">{Percent((double)cell.PhotoCount / evaluation.Classes[cell.Actual].PhotoCount)}</td></tr>\n"));
        page.Add($"<table>\n<tr><th>labelled</th><th>taken for</th><th class=\"number\">photos</th><th class=\"number\">of the class</th></tr>\n{Markup.Join(rows)}</table>");
    }

    private static Markup ConfusionTable(EvaluationReport evaluation)
    {
        var classes = evaluation.Classes;
        var counts = evaluation.Confusion.ToDictionary(cell => (cell.Actual, cell.Predicted), cell => cell.PhotoCount);
        var heads = classes.Select(item => HtmlPage.Of($"<th>{item.Label}</th>"));
        var rows = classes.Select((item, actual) => HtmlPage.Of(
            $"<tr><th>{item.Label}</th>{Markup.Join(classes.Select((_, predicted) => Cell(actual, predicted)))}</tr>\n"));
        return HtmlPage.Of($"<table class=\"confusion\">\n<tr><td></td>{Markup.Join(heads)}</tr>\n{Markup.Join(rows)}</table>");

        Markup Cell(int actual, int predicted)
        {
            var count = counts.GetValueOrDefault((actual, predicted));
            if (count == 0)
                return HtmlPage.Of($"<td></td>");
            // Blue where it is right, red where it is not.
            var colour = actual == predicted ? "74,126,187" : "192,57,43";
            var share = (double)count / classes[actual].PhotoCount;
            return HtmlPage.Of($"<td class=\"number\" style=\"background:rgba({colour},{0.1 + 0.6 * share:0.00})\">{count}</td>");
        }
    }

    private static void AddClasses(HtmlPage page, EvaluationReport evaluation)
    {
        page.Add($"<h2>Classes</h2>");
        IEnumerable<ClassEvaluation> classes = evaluation.Classes;
        if (evaluation.Classes.Count > MaxClassRows)
        {
            classes = classes.Where(item => item.F1 is not null).OrderBy(item => item.F1).Take(MaxClassRows);
            page.Add($"<p class=\"muted\">The {MaxClassRows} classes with the lowest F1 of {evaluation.Classes.Count}.</p>");
        }
        var rows = classes.Select(item => HtmlPage.Of(
            $"<tr><td>{item.Label}</td><td class=\"number\">{item.PhotoCount}</td><td class=\"number\">{Percent(item.Precision)}</td><td class=\"number\">{Percent(item.Recall)}</td><td class=\"number\">{Percent(item.F1)}</td></tr>\n"));
        page.Add($"<table>\n<tr><th>class</th><th class=\"number\">photos</th><th class=\"number\">precision</th><th class=\"number\">recall</th><th class=\"number\">F1</th></tr>\n{Markup.Join(rows)}</table>");
    }

    private async Task AddHighestLossesAsync(HtmlPage page, EvaluationReport evaluation, CancellationToken cancellationToken)
    {
        page.Add($"<h2>Furthest off</h2>")
            .Add($"<p class=\"muted\">The photos with the highest loss: hard ones, or wrongly labelled.</p>")
            .Add($"<div class=\"photos\">");
        // One at a time: an encoded photo may have many megabytes.
        foreach (var photo in evaluation.HighestLosses)
        {
            var verdict = photo.Label == photo.Predicted
                ? HtmlPage.Of($"<span class=\"good\">{photo.Label}</span> {Percent(photo.LabelProbability)}")
                : HtmlPage.Of($"{photo.Label} {Percent(photo.LabelProbability)}, taken for <span class=\"bad\">{photo.Predicted}</span> {Percent(photo.PredictedProbability)}");
            page.Add($"<figure>{await PictureAsync(photo, cancellationToken)}<figcaption>{photo.FileName}<br>{verdict}</figcaption></figure>");
        }
        page.Add($"</div>");
    }

    private async Task<Markup> PictureAsync(PhotoLoss photo, CancellationToken cancellationToken)
    {
        try
        {
            var encoded = workspace.Blobs.ReadAllBytes(photo.Photo);
            var header = ImageDecoder.ReadHeader(encoded, ImageLimits.OfStoredPhotos);
            var thumbnail = await decoding.RunAsync(
                ImageDecoder.DecodedPixels(header, ThumbnailSide, ThumbnailSide),
                () => Thumbnail.Make(encoded, ImageLimits.OfStoredPhotos, ThumbnailSide), cancellationToken);
            return HtmlPage.Image(thumbnail.Jpeg, "image/jpeg", thumbnail.Width, thumbnail.Height, photo.FileName);
        }
        catch (Exception failure) when (failure is ImageRejectedException or BlobNotFoundException or BlobCorruptException)
        {
            return HtmlPage.Of($"<p class=\"muted\">no longer stored, or damaged</p>");
        }
    }

    private static string Labels(IReadOnlyList<string> labels) => labels.Count == 0 ? "" : $"{labels.Count}: "
        + string.Join(", ", labels.Take(MaxLabelsShown)) + (labels.Count > MaxLabelsShown ? ", ..." : "");

    private static string Percent(double? share) => share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.0}%") : "";

    private static string Number(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
