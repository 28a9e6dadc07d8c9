using BiT.Core.Runtime;
using BiT.Graphs.Serialization;

namespace BiT.Training.Worker;

/// <summary>How a worker runs jobs.</summary>
internal sealed record TrainerOptions
{
    /// <summary>Who the worker is, in leases and logs.</summary>
    public required string WorkerId { get; init; }

    /// <summary>Provider and threads.</summary>
    public RuntimeOptions Runtime { get; init; } = new();

    /// <summary>How long a lease lasts without a report; reports come every second.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Pause between two looks for a job.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Time between two checkpoints.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Memory that decides the micro-batch, in bytes.</summary>
    public long MemoryBytes { get; init; } = Artifacts.MemoryBudget.DefaultBytes;

    /// <summary>Bytes of weights beyond which an inference graph keeps them in a file of their own.</summary>
    public long ExternalDataThreshold { get; init; } = OnnxWriter.ExternalDataThreshold;

    /// <summary>Threads inside an operator, and photos decoded at the same time.</summary>
    public int Threads => Runtime.IntraOpThreads > 0 ? Runtime.IntraOpThreads : Environment.ProcessorCount;
}
