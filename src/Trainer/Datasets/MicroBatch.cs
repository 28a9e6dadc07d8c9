namespace BiT.Training.Datasets;

/// <summary>What one forward and backward pass learns from.</summary>
internal sealed record MicroBatch
{
    /// <summary>Images [B,3,S,S] or features [B,F], row-major.</summary>
    public required float[] Inputs { get; init; }

    /// <summary>Class indices.</summary>
    public required long[] Labels { get; init; }

    /// <summary>MixUp partners: positions within the micro-batch.</summary>
    public required long[] Permutation { get; init; }

    /// <summary>MixUp weight of the image itself; one per optimiser step.</summary>
    public required float Lambda { get; init; }
}
