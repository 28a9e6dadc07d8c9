using System.Collections.Concurrent;

namespace BiT.Training.Datasets;

/// <summary>The arrays of micro-batches that were used, for the next ones: a step allocates no images. Holds as many as were ever in use at once.</summary>
/// <param name="length">Elements of each.</param>
internal sealed class InputBuffers(int length)
{
    private readonly ConcurrentBag<float[]> _free = [];

    /// <summary>An array with anything in it.</summary>
    public float[] Rent() => _free.TryTake(out var buffer) ? buffer : new float[length];

    /// <summary>Takes back an array that nobody reads any more.</summary>
    public void Return(float[] buffer) => _free.Add(buffer);
}
