using BiT.Core.Imaging;
using BiT.Serving.Batching;

namespace BiT.Serving.Rpc;

/// <summary>Finds out whether a photo can be learned from, before it is stored.</summary>
internal sealed class PhotoCheck(DecodePool decoding)
{
    // A whole decoding finds files that end early or are damaged inside; a small target makes it cheap for large JPEGs.
    private const int TargetSide = 64;

    /// <returns>Size and format, after EXIF orientation.</returns>
    /// <exception cref="ImageRejectedException">The photo cannot be used.</exception>
    public async Task<ImageHeader> ReadAsync(ReadOnlyMemory<byte> encoded, CancellationToken cancellationToken)
    {
        var header = ImageDecoder.ReadHeader(encoded.Span, decoding.Limits);
        await decoding.RunAsync(
            ImageDecoder.DecodedPixels(header, TargetSide, TargetSide),
            () => ImageDecoder.Decode(encoded.Span, decoding.Limits, TargetSide, TargetSide),
            cancellationToken);
        return header;
    }
}
