using BiT.Core.Store;

namespace BiT.Serving.Pages;

/// <summary>The first batches of a job as a page.</summary>
internal static class PreviewPage
{
    private const int ShownSide = 112;

    public static byte[] Of(FineTuneSpec spec, PreviewResult preview)
    {
        var page = new HtmlPage($"What training {spec.ModelId} will see");
        page.Add($"<p>{(preview.Method == "head" ? HeadText : FullText)} Pixels are shown as they are fed, {preview.Side} x {preview.Side}.</p>");
        foreach (var batch in preview.Batches)
        {
            page.Add($"<h2>Step {batch.Step + 1}</h2>");
            page.Add($"<p>{batch.PhotoCount} photos{(batch.Photos.Count < batch.PhotoCount ? $", the first {batch.Photos.Count} shown" : "")}. {Mixing(batch)}</p>");
            page.Add($"<div class=\"photos\">{Markup.Join(batch.Photos.Select(photo => Photo(photo, batch.Lambda)))}</div>");
        }
        page.Add($"<h2>Plan</h2>");
        page.Add($"{PlanTable.Of(preview.PlanJson)}");
        return page.ToUtf8();
    }

    private const string HeadText = "The backbone is frozen: each photo is resized to the network's input, its features are computed once, "
        + "and the head learns from them, without cropping or mirroring. MixUp mixes features, which no picture shows.";

    private const string FullText = "Each photo is resized, cropped and mirrored at random; MixUp then adds to it a partner of its pass.";

    private static string Mixing(PreviewBatch batch) => batch.Lambda == 1
        ? "MixUp is off: every photo counts alone."
        : FormattableString.Invariant($"MixUp: each photo counts {batch.Lambda:0.000}, its partner {1 - batch.Lambda:0.000}.");

    private static Markup Photo(PreviewPhoto photo, float lambda)
    {
        var mixed = photo.MixedPng is { } png ? HtmlPage.Image(png, "image/png", ShownSide, ShownSide, "mixed with its partner") : new Markup("");
        var caption = photo.PartnerLabel is { } partner
            ? HtmlPage.Of($"{photo.Label} {lambda:0.00} + {partner} {1 - lambda:0.00}")
            : HtmlPage.Of($"{photo.Label}");
        return HtmlPage.Of(
            $"<figure>{HtmlPage.Image(photo.Png, "image/png", ShownSide, ShownSide, photo.Label)}{mixed}<figcaption>{caption}</figcaption></figure>");
    }
}
