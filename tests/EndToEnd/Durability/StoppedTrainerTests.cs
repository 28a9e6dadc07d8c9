using System.Security.Cryptography;
using BiT.Core.Store;

namespace BiT.Tests.EndToEnd.Durability;

/// <summary>Trainers that are stopped with SIGSTOP past their lease, and wake when somebody else has their job.</summary>
public sealed class StoppedTrainerTests(UninterruptedRun uninterrupted) : IClassFixture<UninterruptedRun>
{
    private const int MostTries = 20;

    [Fact]
    public async Task Trainer_StoppedWhileTraining_WritesNothingOverItsSuccessor()
    {
        using var training = new TinyTraining();
        var job = training.Submit();
        await using var sleeper = TrainerProcess.Start(training.Path, "sleeper");
        await Moment.ComesAsync(() => training.Job(job).Checkpoint is not null, () => sleeper.Log);
        // Not in the middle of a transaction, which would stay open.
        using (training.LockDatabase())
            await sleeper.StopAsync();
        LetLeasesRunOut(training);
        Assert.Equal((JobState.Queued, 1), (training.Job(job).State, training.Job(job).LostLeases));

        await using var successor = TrainerProcess.Start(training.Path, "successor");
        await Moment.ComesAsync(() => training.Job(job) is { Attempt: 2, Checkpoint: { } path } && path.StartsWith("attempt-2", StringComparison.Ordinal), () => successor.Log);
        // So that whatever changes now is the sleeper's doing.
        using (training.LockDatabase())
            await successor.StopAsync();
        Assert.Equal((JobState.Running, 2), (training.Job(job).State, training.Job(job).Attempt));
        var before = Everything(training, job);
        await sleeper.ContinueAsync();
        await Moment.ComesAsync(() => HasNoticed(sleeper), () => sleeper.Log);
        Assert.Equal(before, Everything(training, job));

        await successor.ContinueAsync();
        await Moment.ComesAsync(() => training.Job(job).IsDone, () => successor.Log);
        Assert.Equal(uninterrupted.Published, training.Result(job));
    }

    [Fact]
    public async Task Trainer_StoppedBeforeItPublishes_PublishesNoSecondVersion()
    {
        var tries = 0;
        while (!await IsStoppedInTimeAsync())
            Assert.True(++tries < MostTries, $"The moment was missed {MostTries} times.");
    }

    // False if the trainer had published already, because this process slept through the moment.
    private async Task<bool> IsStoppedInTimeAsync()
    {
        using var training = new TinyTraining();
        var job = training.Submit();
        await using var sleeper = TrainerProcess.Start(training.Path, "sleeper");
        await Moment.ComesAsync(() => training.Job(job) is { IsDone: true } or { Progress.Phase: "publishing" or "evaluating the version" }, () => sleeper.Log);
        using (training.LockDatabase())
        {
            if (training.Job(job).IsDone)
                return false;
            // The raw weights are the last file that is stored: what follows is the version's row.
            await Moment.ComesAsync(() => training.Workspace.Blobs.Contains(uninterrupted.Published.Weights ?? ""), () => sleeper.Log);
            await sleeper.StopAsync();
        }
        LetLeasesRunOut(training);
        await using var successor = TrainerProcess.Start(training.Path, "successor");
        await Moment.ComesAsync(() => training.Job(job).IsDone, () => successor.Log);
        Assert.Equal(uninterrupted.Published, training.Result(job));
        await successor.KillAsync();
        var before = Everything(training, job);

        await sleeper.ContinueAsync();
        await Moment.ComesAsync(() => HasNoticed(sleeper), () => sleeper.Log);

        Assert.Equal(before, Everything(training, job));
        Assert.Single(training.Workspace.Models.ListVersions("squares", 10, null).Items);
        // It is of use again.
        var next = training.Submit();
        await Moment.ComesAsync(() => training.Job(next).IsDone, () => sleeper.Log);
        Assert.Equal(uninterrupted.Published, training.Result(next));
        return true;
    }

    private static bool HasNoticed(TrainerProcess trainer) =>
        trainer.Log.Contains("another worker has it now", StringComparison.Ordinal) || trainer.Log.Contains("no longer holds job", StringComparison.Ordinal);

    // The store as it would be a minute later.
    private static void LetLeasesRunOut(TinyTraining training)
    {
        using var later = Workspace.Open(training.Path, new LaterClock());
        Assert.Equal(1, later.Jobs.RequeueExpired());
    }

    // Row, events and files of a job.
    private static string Everything(TinyTraining training, string job)
    {
        var record = training.Job(job);
        var events = training.Workspace.Jobs.ReadEvents(job, 0, 10_000).Select(item => $"{item.Cursor} {item.Payload}");
        var folder = training.JobFolder(job);
        var files = Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories) : [];
        return string.Join('\n', [
            $"{record.State} {record.Attempt} {record.Checkpoint} {record.Progress} {record.HeartbeatTime:O} {record.Result}", .. events,
            .. files.Order(StringComparer.Ordinal).Select(file => $"{file} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"),
        ]);
    }

    private sealed class LaterClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromMinutes(1);
    }
}
