using System.Buffers;

namespace BiT.Serving.Batching;

/// <summary>What a graph says about one image.</summary>
/// <param name="PreLogits">Features, the input of a head.</param>
/// <param name="Logits">One per class; empty for a backbone without a head.</param>
internal readonly record struct ImageOutput(float[] PreLogits, float[] Logits);

/// <summary>A decoded image that waits for its batch. Owns its pixels, a rented buffer that goes back as soon as they are not
/// needed.</summary>
internal sealed class QueuedImage(byte[] rented, DateTimeOffset deadline, CancellationToken caller)
{
    private readonly TaskCompletionSource<ImageOutput> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[]? _rented = rented;

    public Task<ImageOutput> Outcome => _outcome.Task;

    /// <summary>Whether nobody waits for the outcome any more.</summary>
    public bool IsAbandoned(DateTimeOffset now) => caller.IsCancellationRequested || now >= deadline;

    /// <summary>Copies the pixels to their place in the batch and returns the buffer.</summary>
    public void MoveTo(Span<byte> destination)
    {
        _rented.AsSpan(0, destination.Length).CopyTo(destination);
        ReturnBuffer();
    }

    public void Succeed(ImageOutput output) => _outcome.TrySetResult(output);

    public void Fail(Exception failure)
    {
        ReturnBuffer();
        _outcome.TrySetException(failure);
    }

    public void Drop()
    {
        ReturnBuffer();
        _outcome.TrySetCanceled(caller);
    }

    private void ReturnBuffer()
    {
        if (_rented is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
        _rented = null;
    }
}
