namespace BiT.Client;

/// <summary>How a <see cref="BitClient"/> talks to the service.</summary>
public sealed record BitClientOptions
{
    /// <summary>Smallest and largest <see cref="ChunkBytes"/>.</summary>
    public const int MinChunkBytes = 64 << 10;

    /// <summary>Smallest and largest <see cref="ChunkBytes"/>.</summary>
    public const int MaxChunkBytes = 1 << 20;

    /// <summary>Deadline of a short call (all but classification, uploads and pages). Default 30 s.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Deadline of one classification call and of moving an alias, which loads a model. Default 2 minutes.</summary>
    public TimeSpan ModelDeadline { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Deadline of a page, which may hold thousands of thumbnails. Default 5 minutes.</summary>
    public TimeSpan PageDeadline { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Deadline of an evaluation on a data set; null, the default, sets none: many photos take what they take.</summary>
    public TimeSpan? EvaluationDeadline { get; init; }

    /// <summary>Deadline of a whole upload; null, the default, sets none: a large folder takes what it takes.</summary>
    public TimeSpan? UploadDeadline { get; init; }

    /// <summary>Deadline of a whole download; null, the default, sets none.</summary>
    public TimeSpan? DownloadDeadline { get; init; }

    /// <summary>How often a call that may be repeated is tried while the service is unavailable, 1 to 5: reads, submissions (by their
    /// request id) and cancellations. Other writes are never repeated. Default 4.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>Bytes per upload message, 64 KiB to 1 MiB. Default 256 KiB.</summary>
    public int ChunkBytes { get; init; } = 256 << 10;

    /// <summary>Largest reply that is accepted. Default 64 MiB.</summary>
    public int MaxReplyBytes { get; init; } = 64 << 20;

    /// <summary>Pause before a broken watch is opened again; doubles up to ten times this. Default 500 ms.</summary>
    public TimeSpan ReconnectDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often in a row a watch is opened again without one new event before it gives up. Default 20.</summary>
    public int MaxReconnects { get; init; } = 20;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ChunkBytes, MinChunkBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ChunkBytes, MaxChunkBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxAttempts, 5);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxReconnects);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Deadline, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ModelDeadline, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PageDeadline, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReconnectDelay, TimeSpan.Zero);
        ThrowIfNotPositive(EvaluationDeadline, nameof(EvaluationDeadline));
        ThrowIfNotPositive(UploadDeadline, nameof(UploadDeadline));
        ThrowIfNotPositive(DownloadDeadline, nameof(DownloadDeadline));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxReplyBytes, MaxChunkBytes);
    }

    private static void ThrowIfNotPositive(TimeSpan? deadline, string name)
    {
        if (deadline <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(name, deadline, "A deadline is above zero; null sets none.");
    }
}
