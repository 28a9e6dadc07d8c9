using System.ComponentModel.DataAnnotations;

namespace BiT.Serving.Hosting;

/// <summary>How many models stay in memory. Section <c>Hosting</c>.</summary>
internal sealed record HostingOptions
{
    /// <summary>Inference graphs kept loaded. Beyond it the one unused for longest is dropped; those in use stay.</summary>
    [Range(1, 1024)]
    public int MaxLoadedGraphs { get; init; } = 8;

    /// <summary>Heads kept loaded; they are small matrices over a shared backbone.</summary>
    [Range(1, 100_000)]
    public int MaxLoadedHeads { get; init; } = 256;

    /// <summary>How often the store is asked whether another process changed something.</summary>
    [Range(typeof(TimeSpan), "00:00:00.0500000", "00:01:00")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);
}
