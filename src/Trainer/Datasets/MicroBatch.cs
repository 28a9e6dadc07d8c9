namespace BiT.Training.Datasets;

/// <summary>What one forward and backward pass learns from. Disposing of it gives its inputs back to where they came from, if they came from anywhere.</summary>
internal sealed record MicroBatch : IDisposable
{
    private int _isReturned;

    /// <summary>Images [B,3,S,S] or features [B,F], row-major.</summary>
    public required float[] Inputs { get; init; }

    /// <summary>Class indices.</summary>
    public required long[] Labels { get; init; }

    /// <summary>MixUp partners: positions within the micro-batch.</summary>
    public required long[] Permutation { get; init; }

    /// <summary>MixUp weight of the image itself; one per optimiser step.</summary>
    public required float Lambda { get; init; }

    /// <summary>Where the inputs go when they are read; null keeps them.</summary>
    public InputBuffers? Buffers { get; init; }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isReturned, 1) == 0)
            Buffers?.Return(Inputs);
    }
}
