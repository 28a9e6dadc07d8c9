using System.ComponentModel.DataAnnotations;
using BiT.Core.Store;

namespace BiT.Serving.Upkeep;

/// <summary>What the server deletes by itself, and when; <c>bit gc</c> does the same at once. Section <c>Retention</c>.</summary>
internal sealed record RetentionOptions
{
    /// <summary>Whether the server collects by itself.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>How often it does.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long files stay that nothing refers to, since they were stored or lost their last reference; those of work that still runs
    /// stay in any case. More than the clock is ever set back by.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan BlobAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long failed and cancelled jobs keep their checkpoints.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan CheckpointAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long jobs that are done keep their progress events; states, messages and plans stay for ever.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan EventAge { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long resized photos, features and training graphs stay that no job uses; they are made again when they are needed.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan CacheAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Size of all of them. Beyond it the least recently used go, but none that a running job uses, and no graph within a day of its use.</summary>
    [Range(0L, 1L << 50)]
    public long CacheBytes { get; init; } = 50L << 30;

    internal CollectionOptions ToCollection() => new()
    {
        BlobAge = BlobAge, CheckpointAge = CheckpointAge, EventAge = EventAge, CacheAge = CacheAge, CacheBytes = CacheBytes,
    };
}
