using System.Runtime.CompilerServices;
using BiT.Core.Store;

namespace BiT.Serving.Pages;

/// <summary>A data set as a page: thumbnails by class, the balance of the classes, and what was left out.</summary>
/// <remarks>
/// Bounds of one page, whatever the data set: <see cref="MaxPhotos"/> thumbnails, as evenly from all classes as can be and at most
/// <see cref="MaxPhotosPerClass"/> of each; <see cref="MaxPageBytes"/> in all, behind which no thumbnail is added;
/// <see cref="MaxClasses"/> classes and <see cref="MaxProblems"/> problems. What is not shown is counted. The
/// thumbnails of two classes, over all pages, are made at one time; each takes its turn with all other decodings.
/// </remarks>
internal sealed class DatasetPage(Workspace workspace, DatasetThumbnails thumbnails) : IDisposable
{
    public const int MaxPhotos = 2000;
    public const int MaxPhotosPerClass = 40;
    public const int MaxClasses = 2000;
    public const int MaxProblems = 1000;
    public const long MaxPageBytes = 24L << 20;

    private const int ClassesAtOneTime = 2;
    private const int MaxOpenProblems = 10;

    private readonly SemaphoreSlim _turns = new(ClassesAtOneTime);

    /// <summary>Makes the page part by part.</summary>
    /// <returns>UTF-8; the parts in order are the page.</returns>
    public async IAsyncEnumerable<byte[]> RenderAsync(DatasetRecord dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var summary = dataset.Summarize();
        var page = new HtmlPage(dataset.DisplayName.Length > 0 ? dataset.DisplayName : "Data set");
        AddFacts(page, summary);
        AddBalance(page, summary);
        AddProblems(page, summary);
        var part = page.TakePart();
        var bytes = (long)part.Length;
        yield return part;

        var photosPerClass = Math.Clamp(MaxPhotos / Math.Max(1, summary.Classes.Count), 1, MaxPhotosPerClass);
        var photos = dataset.Photos.ToLookup(photo => photo.Label, StringComparer.Ordinal);
        foreach (var label in dataset.Labels.Take(MaxClasses))
        {
            var shown = bytes < MaxPageBytes ? Choose([.. photos[label]], photosPerClass) : [];
            AddClass(page, label, await MakeAsync(shown, cancellationToken), photos[label].Count());
            part = page.TakePart();
            bytes += part.Length;
            yield return part;
        }
        if (dataset.Labels.Count > MaxClasses)
            page.Add($"<p class=\"muted\">And {dataset.Labels.Count - MaxClasses} more classes.</p>");
        yield return page.ToUtf8();
    }

    public void Dispose() => _turns.Dispose();

    // A turn lasts for one class and not for the page: a browser that reads slowly must not hold up the others.
    private async Task<IReadOnlyList<Markup>> MakeAsync(IReadOnlyList<Photo> photos, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        try
        {
            return await thumbnails.MakeAsync(photos, cancellationToken);
        }
        finally
        {
            _turns.Release();
        }
    }

    // Both parts are shown, in proportion: the photos come with those to learn from first.
    private static IReadOnlyList<Photo> Choose(IReadOnlyList<Photo> photos, int count) => photos.Count <= count
        ? photos
        : Enumerable.Range(0, count).Select(index => photos[(int)((long)index * photos.Count / count)]).ToList();

    private static void AddFacts(HtmlPage page, DatasetSummary dataset) => page
        .Add($"<p class=\"muted\">datasets/{dataset.Id}</p>")
        .Add($"""
            <table>
            <tr><td>Classes</td><td class="number">{dataset.Classes.Count:N0}</td></tr>
            <tr><td>Photos to learn from</td><td class="number">{dataset.TrainPhotoCount:N0}</td></tr>
            <tr><td>Photos to measure on</td><td class="number">{dataset.ValidationPhotoCount:N0}</td></tr>
            <tr><td>Size</td><td class="number">{dataset.ByteCount:N0} bytes</td></tr>
            <tr><td>Median area</td><td class="number">{dataset.MedianTrainArea:N0} pixels</td></tr>
            <tr><td>Stored</td><td class="number">{dataset.CreateTime:yyyy-MM-dd HH:mm} UTC</td></tr>
            <tr><td>Problems</td><td class="number">{dataset.ProblemCount:N0}</td></tr>
            </table>
            """);

    private static void AddBalance(HtmlPage page, DatasetSummary dataset)
    {
        var most = Math.Max(1, dataset.Classes.Max(item => item.TrainPhotoCount + item.ValidationPhotoCount));
        page.Add($"<h2>Balance</h2>\n<table>\n<tr><th>Class</th><th class=\"number\">Learn</th><th class=\"number\">Measure</th><th></th></tr>");
        foreach (var item in dataset.Classes.Take(MaxClasses))
        {
            var width = 20.0 * (item.TrainPhotoCount + item.ValidationPhotoCount) / most;
            page.Add($"""
                <tr><td>{item.Label}</td><td class="number">{item.TrainPhotoCount:N0}</td><td class="number">{item.ValidationPhotoCount:N0}</td><td><span class="bar" style="width: {width:0.##}rem"></span></td></tr>
                """);
        }
        page.Add($"</table>");
    }

    private void AddProblems(HtmlPage page, DatasetSummary dataset)
    {
        if (dataset.ProblemCount == 0)
            return;
        var problems = workspace.Datasets.ListProblems(dataset.Id, MaxProblems, null)?.Items ?? [];
        // Many would stand between the reader and the photos.
        var open = new Markup(dataset.ProblemCount <= MaxOpenProblems ? " open" : "");
        page.Add($"<h2>Problems of the newest upload</h2>\n<details{open}><summary>{dataset.ProblemCount:N0} {(dataset.ProblemCount == 1 ? "problem" : "problems")}</summary>");
        page.Add($"<table>\n<tr><th>File or class</th><th></th><th>Problem</th></tr>");
        foreach (var problem in problems)
        {
            page.Add($"""
                <tr><td>{(problem.FileName.Length > 0 ? problem.FileName : problem.Label)}</td>{Severity(problem)}<td>{problem.Message} <span class="muted">{problem.Reason}</span></td></tr>
                """);
        }
        page.Add($"</table>");
        if (dataset.ProblemCount > problems.Count)
            page.Add($"<p class=\"muted\">And {dataset.ProblemCount - problems.Count} more.</p>");
        page.Add($"</details>");
    }

    private static Markup Severity(DatasetProblem problem) => problem.Severity == ProblemSeverity.Note
        ? HtmlPage.Of($"<td>note</td>")
        : HtmlPage.Of($"<td class=\"bad\">left out</td>");

    private static void AddClass(HtmlPage page, string label, IReadOnlyList<Markup> figures, int photoCount)
    {
        page.Add($"<h2>{label} <span class=\"muted\">{photoCount:N0}</span></h2>");
        if (figures.Count > 0)
            page.Add($"<div class=\"photos\">{Markup.Join(figures)}</div>");
        if (photoCount > figures.Count)
            page.Add($"<p class=\"muted\">{(figures.Count > 0 ? "and " : "")}{photoCount - figures.Count:N0} more</p>");
    }
}
