using System.Collections.Concurrent;
using BiT.Core.Runtime;

namespace BiT.Tests.Unit.Serving.Batching;

/// <summary>A graph of one-pixel images whose runs wait for permission, so that a test decides what gathers meanwhile.</summary>
internal sealed class GatedRunner : IDisposable
{
    /// <summary>A batch with this first byte in it fails.</summary>
    public const byte Poison = 255;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _permits = new(0);
    private readonly SemaphoreSlim _starts = new(0);

    /// <summary>First bytes of the images of every run so far.</summary>
    public ConcurrentQueue<byte[]> Batches { get; } = new();

    public InferenceOutput Run(Memory<byte> images, int count)
    {
        var pixels = images.ToArray();
        Batches.Enqueue([.. Enumerable.Range(0, count).Select(index => pixels[index * 3])]);
        _starts.Release();
        if (!_permits.Wait(Patience))
            throw new TimeoutException("The test gave no permission to run.");
        if (Batches.Last().Contains(Poison))
            throw new InvalidOperationException("Poisoned.");
        var features = Enumerable.Range(0, count).SelectMany(index => Expected(pixels.AsSpan(index * 3, 3).ToArray()).PreLogits);
        return new InferenceOutput([.. features], [.. Enumerable.Range(0, count).Select(index => (float)-pixels[index * 3])]);
    }

    /// <summary>What a run alone says about one image.</summary>
    public static (float[] PreLogits, float Logit) Expected(byte[] pixel) => ([pixel[0] + pixel[1], pixel[2] * 0.5f], -pixel[0]);

    public void Permit(int runs) => _permits.Release(runs);

    public async Task RunHasStartedAsync() => Assert.True(await _starts.WaitAsync(Patience), "No run has started.");

    public void Dispose()
    {
        _permits.Dispose();
        _starts.Dispose();
    }
}
