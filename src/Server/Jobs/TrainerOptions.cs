using System.ComponentModel.DataAnnotations;

namespace BiT.Serving.Jobs;

/// <summary>The trainer that the server starts on its own machine. Section <c>Trainer</c>.</summary>
internal sealed record TrainerOptions
{
    /// <summary>False where trainers run elsewhere.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>BiT.Trainer.dll or an executable; null looks beside the server and in the build output of the project beside it.</summary>
    public string? Path { get; init; }

    /// <summary>How far the trainer steps back behind other processes, as <c>nice</c> counts.</summary>
    [Range(0, 19)]
    public int Niceness { get; init; } = 10;

    /// <summary>How long the trainer may take to write its checkpoint and end when the server stops; then it is killed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1000000", "00:10:00")]
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(15);
}
