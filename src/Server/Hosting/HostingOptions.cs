using System.ComponentModel.DataAnnotations;

namespace BiT.Serving.Hosting;

/// <summary>How many models stay in memory. Section <c>Hosting</c>.</summary>
internal sealed record HostingOptions
{
    /// <summary>Inference graphs kept loaded. Beyond it the one unused for longest is dropped; those in use stay.</summary>
    [Range(1, 1024)]
    public int MaxLoadedGraphs { get; init; } = 8;

    /// <summary>Memory for loaded graphs and their batches, as estimated; 0 means half of what the machine or the container allows. Beyond it
    /// unused graphs are dropped, and a quarter of it bounds the images in one run of a graph.</summary>
    [Range(0L, 1L << 50)]
    public long MemoryBytes { get; init; }

    /// <summary>Heads kept loaded; they are small matrices over a shared backbone.</summary>
    [Range(1, 100_000)]
    public int MaxLoadedHeads { get; init; } = 256;

    /// <summary>How often the store is asked whether another process changed something.</summary>
    [Range(typeof(TimeSpan), "00:00:00.0500000", "00:01:00")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary><see cref="MemoryBytes"/>, or what 0 means here.</summary>
    internal long MemoryBudget => MemoryBytes > 0 ? MemoryBytes : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
}
