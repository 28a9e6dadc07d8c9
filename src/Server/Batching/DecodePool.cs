using BiT.Core.Imaging;
using BiT.Serving.Startup;

namespace BiT.Serving.Batching;

/// <summary>Decodes images on a bounded number of threads, with a bounded number of pixels in flight, for all callers together.</summary>
internal sealed class DecodePool(BatchingOptions batching, LimitOptions options) : IDisposable
{
    private readonly SemaphoreSlim _threads = new(batching.DecodeThreads > 0 ? batching.DecodeThreads : Environment.ProcessorCount);
    private readonly PixelBudget _budget = new(options.MaxPixelsInFlight);

    /// <summary>The limits that every image is held to.</summary>
    public ImageLimits Limits { get; } = options.ToImageLimits();

    /// <summary>Runs a decoding when a thread and its pixels are free.</summary>
    /// <param name="pixels">Pixels that the decoding holds, see <see cref="ImageDecoder.DecodedPixels"/>.</param>
    public async Task<T> RunAsync<T>(long pixels, Func<T> decode, CancellationToken cancellationToken)
    {
        // Pixels first: a large image that waits for its share must not occupy a thread's place meanwhile.
        using var share = await _budget.AcquireAsync(Math.Max(1, pixels), cancellationToken);
        await _threads.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(decode, cancellationToken);
        }
        finally
        {
            _threads.Release();
        }
    }

    public void Dispose() => _threads.Dispose();
}
