using System.Diagnostics;
using BiT.Core.Store;

namespace BiT.Tests.EndToEnd.Durability;

/// <summary>Trainers that are killed with SIGKILL at exact moments. A moment that was missed, because this process slept through it, is tried
/// again.</summary>
public sealed class KilledTrainerTests(UninterruptedRun uninterrupted) : IClassFixture<UninterruptedRun>
{
    private const string Worker = "local";
    private const int MostTries = 20;

    public enum Point
    {
        /// <summary>The job has just been leased.</summary>
        Leased,

        /// <summary>In the middle of writing the very first checkpoint.</summary>
        WritingTheFirstCheckpoint,

        /// <summary>In the middle of writing a later one.</summary>
        WritingALaterCheckpoint,

        /// <summary>The checkpoint has its name, and the row does not know it.</summary>
        CheckpointWithoutItsRow,

        /// <summary>Training is over, publishing has begun.</summary>
        PublishingBegun,

        /// <summary>Every file of the version is stored, and its row is not.</summary>
        VersionWithoutItsRow,
    }

    [Theory]
    [InlineData(Point.Leased)]
    [InlineData(Point.WritingTheFirstCheckpoint)]
    [InlineData(Point.WritingALaterCheckpoint)]
    [InlineData(Point.CheckpointWithoutItsRow)]
    [InlineData(Point.PublishingBegun)]
    [InlineData(Point.VersionWithoutItsRow)]
    public async Task Trainer_KilledAtAnyPoint_EndsAsAnUninterruptedOneToTheBit(Point point)
    {
        var tries = 0;
        while (!await IsHitAsync(point))
            Assert.True(++tries < MostTries, $"The moment was missed {MostTries} times.");
    }

    private async Task<bool> IsHitAsync(Point point)
    {
        using var training = new TinyTraining();
        var job = training.Submit();
        if (!await KillAtAsync(training, job, point))
            return false;
        Assert.Equal(JobState.Running, training.Job(job).State);
        // As the server does for its trainer; elsewhere the lease runs out.
        Assert.Equal(1, training.Workspace.Jobs.RequeueWorker(Worker));
        Assert.Equal((JobState.Queued, 1), (training.Job(job).State, training.Job(job).Attempt));

        var (last, published) = await UninterruptedRun.FinishAsync(training, job, Worker);

        Assert.Equal(uninterrupted.LastCheckpoint.State, last.State);
        Assert.Equal(uninterrupted.LastCheckpoint.Arrays, last.Arrays);
        Assert.Equal(uninterrupted.Published, published);
        Assert.Single(training.Workspace.Models.ListVersions("squares", 10, null).Items);
        return true;
    }

    // False if the trainer was past the moment already.
    private async Task<bool> KillAtAsync(TinyTraining training, string job, Point point)
    {
        var first = point == Point.WritingTheFirstCheckpoint ? MakePipe(training, job, step: 1) : "";
        await using var trainer = TrainerProcess.Start(training.Path, Worker);
        switch (point)
        {
            case Point.Leased:
                await trainer.LoggedAsync("attempt 1 begins");
                break;
            case Point.WritingTheFirstCheckpoint:
                if (!await IsKilledHalfWayAsync(training, job, trainer, first))
                    return false;
                break;
            case Point.WritingALaterCheckpoint:
                string later;
                await Moment.ComesAsync(() => training.Job(job).Checkpoint is not null, () => trainer.Log);
                using (training.LockDatabase())
                {
                    // One checkpoint more is named while the lock is held, and one behind that is to be written.
                    if (StepOf(training.Job(job).Checkpoint) > TinyTraining.Steps - 2)
                        return false;
                    later = MakePipe(training, job, await HeldStepAsync(training, job, trainer) + 1);
                }
                // Saving a checkpoint ends with deleting what is unfinished; that may have met the pipe.
                if (!await IsKilledHalfWayAsync(training, job, trainer, later))
                    return false;
                break;
            case Point.CheckpointWithoutItsRow:
                await Moment.ComesAsync(() => training.Job(job).Checkpoint is not null, () => trainer.Log);
                using (training.LockDatabase())
                {
                    if (StepOf(training.Job(job).Checkpoint) > TinyTraining.Steps - 1)
                        return false;
                    await HeldStepAsync(training, job, trainer);
                    await trainer.KillAsync();
                }
                break;
            case Point.PublishingBegun:
                await Moment.ComesAsync(() => IsPublishing(training, job), () => trainer.Log);
                break;
            case Point.VersionWithoutItsRow:
                await Moment.ComesAsync(() => IsPublishing(training, job), () => trainer.Log);
                using (training.LockDatabase())
                {
                    if (training.Job(job).IsDone)
                        return false;
                    // The raw weights are the last file that is stored.
                    await Moment.ComesAsync(() => training.Workspace.Blobs.Contains(uninterrupted.Published.Weights ?? ""), () => trainer.Log);
                    await trainer.KillAsync();
                }
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(point), point, "Unknown point.");
        }
        await trainer.KillAsync();
        return !training.Job(job).IsDone;
    }

    private static bool IsPublishing(TinyTraining training, string job) =>
        training.Job(job) is { IsDone: true } or { Progress.Phase: "publishing" or "evaluating the version" };

    // The trainer hangs in the middle of its file: a megabyte is read, the rest does not fit into the pipe, and the reader keeps it open.
    // False if the job ended without it.
    private static async Task<bool> IsKilledHalfWayAsync(TinyTraining training, string job, TrainerProcess trainer, string pipe)
    {
        using var reader = Process.Start(new ProcessStartInfo("sh", ["-c", "exec 3<\"$0\"; head -c 1048576 <&3 >/dev/null; echo half; exec cat >/dev/null", pipe])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("sh did not start.");
        try
        {
            var half = reader.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
            await Moment.ComesAsync(() => half.IsCompleted || training.Job(job).IsDone, () => trainer.Log);
            // Nothing came of a pipe that was gone before it was opened.
            if (!half.IsCompleted || await half is null)
                return false;
            await trainer.KillAsync();
            reader.StandardInput.Close();
            await reader.WaitForExitAsync(TestContext.Current.CancellationToken);
            return true;
        }
        finally
        {
            // Without a writer it would wait for one for ever.
            if (!reader.HasExited)
                reader.Kill();
        }
    }

    // In the place of the temporary file that the checkpoint of a step is written to.
    private static string MakePipe(TinyTraining training, string job, int step)
    {
        var folder = Directory.CreateDirectory(Path.Combine(training.JobFolder(job), "attempt-1")).FullName;
        var path = Path.Combine(folder, $"step-{step:000000000}.safetensors.tmp");
        using var make = Process.Start("mkfifo", [path]);
        make.WaitForExit();
        Assert.Equal(0, make.ExitCode);
        return path;
    }

    // While nobody may write to the database, the trainer gets as far as naming its next checkpoint there.
    private static async Task<int> HeldStepAsync(TinyTraining training, string job, TrainerProcess trainer)
    {
        var known = StepOf(training.Job(job).Checkpoint);
        await Moment.ComesAsync(() => Files(training, job).Any(file => StepOf(file) > known), () => trainer.Log);
        return Files(training, job).Max(StepOf);
    }

    private static string[] Files(TinyTraining training, string job) =>
        Directory.GetFiles(Path.Combine(training.JobFolder(job), "attempt-1"), "step-*.safetensors");

    private static int StepOf(string? checkpoint) =>
        checkpoint is null ? 0 : int.Parse(Path.GetFileNameWithoutExtension(checkpoint).AsSpan("step-".Length), System.Globalization.CultureInfo.InvariantCulture);
}
