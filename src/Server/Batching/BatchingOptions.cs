using System.ComponentModel.DataAnnotations;

namespace BiT.Serving.Batching;

/// <summary>How images are gathered into batches. Section <c>Batching</c>.</summary>
internal sealed record BatchingOptions
{
    /// <summary>Images in one run of a graph.</summary>
    [Range(1, 1024)]
    public int MaxBatchSize { get; init; } = 16;

    /// <summary>How long the first image of a batch waits for others that are already being decoded.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Images per graph that are being decoded, wait or run. More are refused.</summary>
    [Range(1, 100_000)]
    public int Capacity { get; init; } = 512;

    /// <summary>Images decoded at one time; 0 means one per core.</summary>
    [Range(0, 256)]
    public int DecodeThreads { get; init; }
}
