using System.Buffers;
using BiT.Core.Imaging;

namespace BiT.Serving.Batching;

/// <summary>The way of one image: header, decode and resize under the limits, queue, output.</summary>
internal sealed class ImageBatcher(DecodePool decoding)
{
    /// <summary>Decodes an image and runs it with others.</summary>
    /// <param name="queue">The queue of a graph.</param>
    /// <param name="places">Places taken for the request.</param>
    /// <param name="encoded">The content of an image file.</param>
    /// <param name="height">Height of the graph's input.</param>
    /// <param name="width">Width of the graph's input.</param>
    /// <exception cref="ImageRejectedException">The image cannot be used.</exception>
    /// <exception cref="BatchFailedException">The run failed.</exception>
    public async Task<ImageOutput> RunAsync(
        BatchQueue queue, QueuePlaces places, ReadOnlyMemory<byte> encoded, int height, int width, DateTimeOffset deadline,
        CancellationToken cancellationToken)
    {
        var header = ImageDecoder.ReadHeader(encoded.Span, decoding.Limits);
        var pixels = ImageDecoder.DecodedPixels(header, width, height);
        var rented = await decoding.RunAsync(pixels, () => Decode(encoded, height, width), cancellationToken);
        return await queue.RunAsync(places, rented, deadline, cancellationToken);
    }

    private byte[] Decode(ReadOnlyMemory<byte> encoded, int height, int width)
    {
        var length = height * width * 3;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            SquareTransform.Resize(encoded.Span, decoding.Limits, height, width, rented.AsSpan(0, length));
            return rented;
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(rented);
            throw;
        }
    }
}
