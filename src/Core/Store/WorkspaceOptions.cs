namespace BiT.Core.Store;

/// <summary>Limits of a workspace. The defaults suit a server and a few trainers on one machine.</summary>
public sealed record WorkspaceOptions
{
    /// <summary>How long a statement waits for another process's write before it fails, 1 s to 10 min.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a job's worker may be lost (died, or its lease ran out) without any new step before the job
    /// fails with WORKER_LOST, 1 to 1000. Keeps a job that kills every trainer from being tried for ever.</summary>
    public int MaxLostLeases { get; init; } = 3;

    /// <summary>Progress events kept per job; the oldest go first. 1 or more. 50,000 are 28 hours at one every 2 s.</summary>
    public int MaxProgressEvents { get; init; } = 50_000;

    internal void Validate()
    {
        if (BusyTimeout < TimeSpan.FromSeconds(1) || BusyTimeout > TimeSpan.FromMinutes(10))
            throw new ArgumentOutOfRangeException(nameof(BusyTimeout), BusyTimeout, "Expected 1 second to 10 minutes.");
        if (MaxLostLeases is < 1 or > 1000)
            throw new ArgumentOutOfRangeException(nameof(MaxLostLeases), MaxLostLeases, "Expected 1 to 1000.");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxProgressEvents);
    }
}
