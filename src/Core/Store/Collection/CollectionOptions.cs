namespace BiT.Core.Store;

/// <summary>How long what nobody needs any more is kept.</summary>
public sealed record CollectionOptions
{
    /// <summary>Blobs without a reference: since they were stored or lost the last one. More than the clock is ever set back by.</summary>
    public TimeSpan BlobAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Checkpoints of failed and cancelled jobs, since the end of the job.</summary>
    public TimeSpan CheckpointAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Progress events of jobs that are done, since their end. The other events stay.</summary>
    public TimeSpan EventAge { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Resized photos, features and training graphs, since their last use.</summary>
    public TimeSpan CacheAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Their size, in bytes; beyond it the least recently used go.</summary>
    public long CacheBytes { get; init; } = 50L << 30;
}

/// <summary>What was collected, or would be.</summary>
public sealed record CollectionReport
{
    /// <summary>True if nothing was deleted.</summary>
    public required bool IsDryRun { get; init; }

    /// <summary>Blobs without a reference.</summary>
    public required int BlobCount { get; init; }

    /// <summary>Their size.</summary>
    public required long BlobBytes { get; init; }

    /// <summary>Blobs without a reference that stay for now: too young, or work that may need them runs.</summary>
    public required int KeptBlobCount { get; init; }

    /// <summary>Their size.</summary>
    public required long KeptBlobBytes { get; init; }

    /// <summary>Jobs whose checkpoints went.</summary>
    public required int CheckpointJobCount { get; init; }

    /// <summary>Size of those checkpoints.</summary>
    public required long CheckpointBytes { get; init; }

    /// <summary>Progress events.</summary>
    public required long EventCount { get; init; }

    /// <summary>Files of cache/ and graphs of artifacts/, which are made again when they are needed.</summary>
    public required int CacheCount { get; init; }

    /// <summary>Their size.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Whether nothing was found.</summary>
    public bool IsEmpty => BlobCount == 0 && CheckpointJobCount == 0 && EventCount == 0 && CacheCount == 0;
}
