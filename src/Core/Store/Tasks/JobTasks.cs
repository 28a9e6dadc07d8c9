namespace BiT.Core.Store;

/// <summary>Asks a trainer what a job would cost (<see cref="TaskKind.Estimate"/>).</summary>
public sealed record EstimateRequest(FineTuneSpec Spec);

/// <summary>What a job would cost.</summary>
public sealed record EstimateResult
{
    /// <summary>The resolved plan as JSON.</summary>
    public required string PlanJson { get; init; }

    /// <summary>From the start of the job to the published version, if no early stopping ends it sooner.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Largest resident memory of the trainer.</summary>
    public required long PeakMemoryBytes { get; init; }

    /// <summary>Training photos per second; for <c>head</c>, photos per second through the backbone.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>Checkpoints, caches and the version.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>True if the trainer worked on a job meanwhile.</summary>
    public required bool IsMeasuredWhileBusy { get; init; }
}

/// <summary>Asks a trainer for the first batches of a job (<see cref="TaskKind.Preview"/>).</summary>
/// <param name="Spec">The job.</param>
/// <param name="BatchCount">Batches, 1 to 8.</param>
public sealed record PreviewRequest(FineTuneSpec Spec, int BatchCount);

/// <summary>The first batches of a job.</summary>
public sealed record PreviewResult
{
    /// <summary>The resolved plan as JSON.</summary>
    public required string PlanJson { get; init; }

    /// <summary><c>full</c> or <c>head</c>: what the photos become before they are learned from.</summary>
    public required string Method { get; init; }

    /// <summary>Side of the square that the network sees, in pixels.</summary>
    public required int Side { get; init; }

    /// <summary>The batches, one per optimiser step.</summary>
    public required IReadOnlyList<PreviewBatch> Batches { get; init; }
}

/// <summary>What one optimiser step learns from.</summary>
public sealed record PreviewBatch
{
    /// <summary>Optimiser step, from 0.</summary>
    public required long Step { get; init; }

    /// <summary>Photos of the step; <see cref="Photos"/> holds the first of them.</summary>
    public required int PhotoCount { get; init; }

    /// <summary>MixUp weight of a photo itself, 0 to 1; 1 means that nothing is mixed.</summary>
    public required float Lambda { get; init; }

    /// <summary>The photos that are shown.</summary>
    public required IReadOnlyList<PreviewPhoto> Photos { get; init; }
}

/// <summary>One photo of a batch, lossless.</summary>
/// <param name="Label">Its class.</param>
/// <param name="Png">The pixels after cropping and mirroring.</param>
/// <param name="PartnerLabel">Class of its MixUp partner; null if nothing is mixed.</param>
/// <param name="MixedPng">The pixels mixed with the partner's; null if nothing is mixed, or if features are mixed and not pixels.</param>
public sealed record PreviewPhoto(string Label, byte[] Png, string? PartnerLabel, byte[]? MixedPng);
