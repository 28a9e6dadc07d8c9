using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using BiT.Core.Reports;
using BiT.Core.Store;
using BiT.Serving.Batching;
using BiT.Serving.Pages;
using BiT.Serving.Startup;

namespace BiT.Tests.Unit.Serving.Pages;

public sealed class ModelReportPageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;
    private readonly DecodePool _decoding = new(new BatchingOptions(), new LimitOptions());

    public ModelReportPageTests() => _workspace = Workspace.Open(_folder.Path, TimeProvider.System);

    public void Dispose()
    {
        _decoding.Dispose();
        _workspace.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Render_WholeReport_IsOneSelfContainedPage()
    {
        var photo = _workspace.Blobs.Put(new MemoryStream(Photo()), TestContext.Current.CancellationToken);
        var page = await RenderAsync(Report(["<b>daisy</b>", "rose"], photo));

        var plots = Regex.Matches(page, "<svg.*?</svg>", RegexOptions.Singleline).Select(match => XElement.Parse(match.Value)).ToList();
        Assert.Equal(4, plots.Count);
        Assert.All(plots, plot => Assert.Contains(plot.Descendants(), element => element.Name.LocalName is "polyline" or "polygon" or "rect"));
        var ids = plots.SelectMany(plot => plot.Descendants()).Select(element => element.Attribute("id")?.Value).OfType<string>().ToList();
        Assert.Equal(ids.Distinct(), ids);
        Assert.Equal(ids.Order(), Regex.Matches(page, @"url\(#([^)]+)\)").Select(match => match.Groups[1].Value).Distinct().Order());
        Assert.DoesNotMatch("<(script|link|iframe)", page);
        // Nothing is fetched from elsewhere; the absolute names are those of the XML namespaces.
        Assert.Equal(
            ["http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"],
            Regex.Matches(page, "https?://[^\"' <]+").Select(match => match.Value).Distinct().Order());
        Assert.Contains("&lt;b&gt;daisy&lt;/b&gt;", page);
        Assert.Contains("data:image/jpeg;base64,", page);
        Assert.Contains("Expected calibration error", page);
    }

    [Fact]
    public async Task Render_PhotoThatIsGone_SaysSoAndShowsTheRest()
    {
        var page = await RenderAsync(Report(["daisy", "rose"], new string('0', 64)));

        Assert.Contains("no longer stored", page);
        Assert.DoesNotContain("data:image/jpeg", page);
        Assert.Contains("How it learned", page);
    }

    [Fact]
    public async Task Render_ThousandsOfClasses_StaysBounded()
    {
        var labels = Enumerable.Range(0, 3000).Select(index => $"class {index}").ToArray();
        var page = await RenderAsync(Report(labels, new string('0', 64)));

        Assert.DoesNotContain("class=\"confusion\"", page);
        Assert.Contains("confused pairs of 3000 classes", page);
        Assert.InRange(page.Length, 1, 300_000);
    }

    [Fact]
    public async Task Render_WithoutReportOrEvaluation_SaysWhy()
    {
        Assert.Contains("There is no report", await RenderAsync(null));
        Assert.Contains("without validation photos", await RenderAsync(Report(["a", "b"], "") with { Evaluation = null }));
    }

    private async Task<string> RenderAsync(VersionReport? report)
    {
        var manifest = new ModelManifest
        {
            Method = "full", Network = "bit-tiny", Labels = report?.Evaluation?.Classes.Select(item => item.Label).ToArray() ?? ["a", "b"],
            InputSize = 64, InferenceGraph = "", Weights = "",
            Lineage = new Dictionary<string, string> { [CurveSeconds.LineageKey] = "[1.5,2.5,3.5]" },
        };
        var version = new ModelVersionRecord(new ModelVersionId("flowers", 3), DateTimeOffset.UnixEpoch, manifest);
        return Encoding.UTF8.GetString(await new ModelReportPage(_workspace, _decoding).RenderAsync(version, report, TestContext.Current.CancellationToken));
    }

    private static VersionReport Report(string[] labels, string photo)
    {
        var builder = new EvaluationBuilder(labels);
        var logits = new float[labels.Length];
        for (var index = 0; index < 2 * labels.Length; index++)
        {
            logits[index % labels.Length] = 1 + (index % 5);
            builder.Add($"photo-{index}.jpg", photo, logits, index % 3 == 0 ? (index + 1) % labels.Length : index % labels.Length);
            logits[index % labels.Length] = 0;
        }
        return new VersionReport
        {
            DatasetId = new string('d', 64),
            Curve = [new(10, 1.5, 0.003, 0.5), new(20, 1, 0.002, null), new(30, 0.5, 0.001, 0.75)],
            Evaluation = builder.Build(),
        };
    }

    private static byte[] Photo()
    {
        using var bitmap = new SkiaSharp.SKBitmap(300, 200);
        bitmap.Erase(SkiaSharp.SKColors.Orange);
        using var data = bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }
}
