using System.ComponentModel.DataAnnotations;

namespace BiT.Serving.Jobs;

/// <summary>The trainer that the server starts on its own machine. Section <c>Trainer</c>.</summary>
internal sealed record TrainerOptions
{
    /// <summary>Less fits no training at all: it is a number in another unit.</summary>
    public const long LeastMemoryBytes = 64L << 20;

    /// <summary>False where trainers run elsewhere.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>BiT.Trainer.dll or an executable; null looks beside the server and in the build output of the project beside it.</summary>
    public string? Path { get; init; }

    /// <summary>How far the trainer steps back behind other processes, as <c>nice</c> counts.</summary>
    [Range(0, 19)]
    public int Niceness { get; init; } = 10;

    /// <summary><c>cpu</c> or <c>cuda:N</c>; null takes the server's own, <c>Runtime:ExecutionProvider</c>.</summary>
    public string? ExecutionProvider { get; init; }

    /// <summary>If the provider cannot be loaded: false fails with the cure, true logs and trains on the CPU; null takes the server's own,
    /// <c>Runtime:FallBackToCpu</c>.</summary>
    public bool? FallBackToCpu { get; init; }

    /// <summary>Threads inside an operator, and photos decoded at the same time; 0 means one per core.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Memory that decides how many photos one pass takes: 0 means half of the machine's or container's, else at least
    /// <see cref="LeastMemoryBytes"/>.</summary>
    [Range(0L, 1L << 50)]
    public long MemoryBytes { get; init; }

    /// <summary>How long the trainer may take to write its checkpoint and end when the server stops; then it is killed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1000000", "00:10:00")]
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(15);
}
