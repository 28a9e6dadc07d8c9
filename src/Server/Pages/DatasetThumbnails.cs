using BiT.Core.Imaging;
using BiT.Core.Store;
using BiT.Serving.Batching;

namespace BiT.Serving.Pages;

/// <summary>Stored photos as small pictures within a page.</summary>
internal sealed class DatasetThumbnails(Workspace workspace, DecodePool decoding)
{
    // Longest side in pixels; the style of HtmlPage leaves 144.
    private const int Side = 128;

    /// <summary>Makes figures in the order of the photos. One that cannot be shown says why: a page about a data set is how one finds
    /// out.</summary>
    public Task<Markup[]> MakeAsync(IReadOnlyList<Photo> photos, CancellationToken cancellationToken)
        => Task.WhenAll(photos.Select(photo => MakeAsync(photo, cancellationToken)));

    private async Task<Markup> MakeAsync(Photo photo, CancellationToken cancellationToken)
    {
        var part = photo.Split == Split.Validation ? HtmlPage.Of($" <span class=\"muted\">measured</span>") : default;
        return HtmlPage.Of($"<figure>{await PictureAsync(photo, cancellationToken)}<figcaption>{photo.FileName}{part}</figcaption></figure>");
    }

    private async Task<Markup> PictureAsync(Photo photo, CancellationToken cancellationToken)
    {
        try
        {
            // What the header says was checked when the photo was stored; JPEGs are decoded smaller, so this is the most it can be.
            var thumbnail = await decoding.RunAsync(
                (long)photo.Width * photo.Height,
                () => Thumbnail.Make(workspace.Blobs.ReadAllBytes(photo.Blob), ImageLimits.OfStoredPhotos, Side),
                cancellationToken);
            return HtmlPage.Image(thumbnail.Jpeg, "image/jpeg", thumbnail.Width, thumbnail.Height, photo.FileName);
        }
        catch (Exception failure) when (failure is ImageRejectedException or BlobNotFoundException or BlobCorruptException)
        {
            return HtmlPage.Of($"<p class=\"bad\">cannot be shown: its file is missing or damaged</p>");
        }
    }
}
