using System.Text;
using System.Text.RegularExpressions;
using BiT.Core.Store;
using BiT.Serving.Batching;
using BiT.Serving.Pages;
using BiT.Serving.Startup;
using BiT.Tests.Unit.Imaging;
using BiT.Tests.Unit.Store;
using SkiaSharp;

namespace BiT.Tests.Unit.Serving.Pages;

public sealed class DatasetPageTests
{
    [Fact]
    public async Task Render_SmallSet_ShowsEveryPhotoAndProblemAndNothingFromElsewhere()
    {
        using var test = new TestWorkspace();
        var photos = Enumerable.Range(0, 6).SelectMany(index => new[] { Picture(test, $"r{index}", "rose", 100 + index), Picture(test, $"d{index}", "<daisy>", 200 + index) });
        var saved = test.Workspace.Datasets.Save("garden & more", photos,
            [new DatasetProblem("<script>.jpg", "rose", "CORRUPT", "Broken \"here\".", ProblemSeverity.LeftOut)]);

        var page = await RenderAsync(test, saved);

        Assert.Equal(12, Regex.Count(page, "<img src=\"data:image/jpeg;base64,"));
        Assert.Contains("<h1>garden &amp; more</h1>", page, StringComparison.Ordinal);
        Assert.Contains("<h2>&lt;daisy&gt; ", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;.jpg", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch("(src|href)=\"(?!data:)", page);
        Assert.EndsWith("</html>\n", page, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(page, ">measured<"));
        Assert.DoesNotContain("more</p>", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public async Task Render_ManyProblems_KeepsThemFoldedAboveThePhotos(int count, bool isOpen)
    {
        using var test = new TestWorkspace();
        var photos = new[] { Picture(test, "r", "rose", 1), Picture(test, "d", "daisy", 2) };
        var saved = test.Workspace.Datasets.Save("garden", photos,
            [.. Enumerable.Range(0, count).Select(index => new DatasetProblem($"{index}.jpg", "rose", "CORRUPT", "Broken.", ProblemSeverity.LeftOut))]);

        var page = await RenderAsync(test, saved);

        Assert.Contains(isOpen ? "<details open>" : "<details>", page, StringComparison.Ordinal);
        Assert.Equal(count, Regex.Count(page, "Broken\\."));
    }

    [Theory]
    [InlineData(40, null)]
    [InlineData(41, "and 1 more")]
    [InlineData(60, "and 20 more")]
    public async Task Render_LargeClass_ShowsFortyAndCountsTheRest(int count, string? expected)
    {
        using var test = new TestWorkspace();
        var saved = test.Workspace.Datasets.Save("", [.. Stored(test, "rose", count), .. Stored(test, "daisy", 3)]);

        var page = await RenderAsync(test, saved);

        Assert.Equal(43, Regex.Count(page, "<figure>"));
        if (expected is null)
            Assert.DoesNotContain(" more</p>", page, StringComparison.Ordinal);
        else
            Assert.Contains($">{expected}</p>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Render_ThousandClasses_SharesThePhotosEvenly()
    {
        using var test = new TestWorkspace();
        var photos = Stored(test, "", 4).ToList();
        var saved = test.Workspace.Datasets.Save("",
            Enumerable.Range(0, 1000).SelectMany(index => photos.Select(photo => photo with { Label = $"class {index}" })));

        var page = await RenderAsync(test, saved);

        Assert.Equal(1000, Regex.Count(page, "<h2>class"));
        Assert.Equal(DatasetPage.MaxPhotos, Regex.Count(page, "<figure>"));
        Assert.Equal(1000, Regex.Count(page, ">and 2 more<"));
    }

    [Fact]
    public async Task Render_PhotoWhoseFileIsGone_SaysSoInItsPlace()
    {
        using var test = new TestWorkspace();
        var good = Enumerable.Range(0, 3).SelectMany(index => new[] { Picture(test, $"r{index}", "rose", 50 + index), Picture(test, $"d{index}", "daisy", 60 + index) });
        var saved = test.Workspace.Datasets.Save("", good);
        File.Delete(test.Workspace.Blobs.PathOf(saved.Photos[0].Blob));

        var page = await RenderAsync(test, saved);

        Assert.Equal(5, Regex.Count(page, "<img "));
        Assert.Single(Regex.Matches(page, "cannot be shown"));
    }

    private static async Task<string> RenderAsync(TestWorkspace test, DatasetRecord dataset)
    {
        using var decoding = new DecodePool(new BatchingOptions(), new LimitOptions());
        using var pages = new DatasetPage(test.Workspace, new DatasetThumbnails(test.Workspace, decoding));
        using var page = new MemoryStream();
        await foreach (var part in pages.RenderAsync(dataset, TestContext.Current.CancellationToken))
            page.Write(part);
        return Encoding.UTF8.GetString(page.ToArray());
    }

    private static Photo Picture(TestWorkspace test, string name, string label, int width)
    {
        var content = ImageFiles.Encode(SKEncodedImageFormat.Png, width, 40);
        return new Photo(name, label, Split.Unspecified, test.Workspace.Blobs.Put(new MemoryStream(content)), width, 40, content.Length);
    }

    // No pictures: what is counted is their places.
    private static IEnumerable<Photo> Stored(TestWorkspace test, string label, int count)
    {
        for (var index = 0; index < count; index++)
            yield return test.Photo($"{label} {index}", label, Split.Train) with { Width = 10, Height = 10 };
    }
}
