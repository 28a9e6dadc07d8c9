using BiT.Core.Store;

namespace BiT.Tests.EndToEnd.Durability;

/// <summary>What the tiny job comes to when nothing happens to it.</summary>
public sealed class UninterruptedRun : IAsyncLifetime
{
    private CheckpointFile? _last;
    private Published? _published;

    internal CheckpointFile LastCheckpoint => _last ?? throw new InvalidOperationException("Not run.");

    internal Published Published => _published ?? throw new InvalidOperationException("Not run.");

    public async ValueTask InitializeAsync()
    {
        using var training = new TinyTraining();
        (_last, _published) = await FinishAsync(training, training.Submit(), "worker");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Runs a waiting job to its end with a trainer of its own; pauses it behind its last checkpoint, to read that, unless it is
    /// there already.</summary>
    internal static async Task<(CheckpointFile Last, Published Published)> FinishAsync(TinyTraining training, string job, string worker)
    {
        var last = CheckpointFile.Find(training.JobFolder(job), TinyTraining.Steps);
        if (last is null)
        {
            // In the very transaction that names the last checkpoint: no clock decides where the job is then.
            training.Execute($"""
                CREATE TRIGGER ask AFTER UPDATE OF checkpoint ON jobs WHEN NEW.id = '{job}' AND NEW.state = 3 AND NEW.checkpoint LIKE '%step-{TinyTraining.Steps:000000000}%'
                BEGIN UPDATE jobs SET pause_requested = 1 WHERE seq = NEW.seq; END
                """);
        }
        await using var trainer = TrainerProcess.Start(training.Path, worker);
        if (last is null)
        {
            await Moment.ComesAsync(() => training.Job(job) is { State: JobState.Paused } or { IsDone: true }, () => trainer.Log);
            last = CheckpointFile.Find(training.JobFolder(job), TinyTraining.Steps) ?? throw new InvalidOperationException($"It was not paused in time. {trainer.Log}");
            training.Workspace.Jobs.RequestResume(job);
        }
        await Moment.ComesAsync(() => training.Job(job).IsDone, () => trainer.Log);
        return (last, training.Result(job));
    }
}
