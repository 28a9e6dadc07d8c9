using BiT.Client;

namespace BiT.CommandLine;

/// <summary>How a followed job ended.</summary>
/// <param name="Job">The job, done.</param>
/// <param name="ImagesPerSecond">Median of the reported training speeds; null if none was reported.</param>
internal sealed record FollowedJob(FineTuneJob Job, double? ImagesPerSecond);

/// <summary>Follows a job on the screen until it is done.</summary>
internal static class JobWatch
{
    // Reports come every second.
    private static readonly TimeSpan SilentTrainer = TimeSpan.FromSeconds(10);

    /// <exception cref="CommandException">The person stopped waiting; the job goes on.</exception>
    public static async Task<FollowedJob> FollowAsync(Terminal terminal, BitClient client, string job, CancellationToken cancellationToken)
    {
        try
        {
            return await ProgressDisplay.RunAsync(terminal, line => FollowAsync(line, client, job, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            var id = ResourceName.Id(job);
            throw new CommandException(ExitCodes.Cancelled, "STOPPED_WAITING",
                $"Stopped waiting; {job} keeps running. Go on: bit jobs watch {id}. Stop it: bit jobs cancel {id}.");
        }
    }

    /// <exception cref="CommandException">The job failed or was cancelled.</exception>
    public static void RequireSuccess(FineTuneJob job)
    {
        if (job.State == JobState.Succeeded)
            return;
        throw job.State switch
        {
            JobState.Failed => new CommandException(ExitCodes.Failed, job.Error?.Reason ?? "JOB_FAILED",
                $"{job.Name} failed: {job.Error?.Message ?? "the server gives no reason."}"),
            JobState.Cancelled => new CommandException(ExitCodes.Failed, "JOB_CANCELLED",
                $"{job.Name} was cancelled; it made no model version."),
            _ => new CommandException(ExitCodes.Failed, "JOB_NOT_DONE", $"{job.Name} is {JsonShapes.StateOf(job.State)}."),
        };
    }

    private static async Task<FollowedJob> FollowAsync(
        IProgressLine line, BitClient client, string job, CancellationToken cancellationToken)
    {
        FineTuneJob? done = null;
        var speeds = new List<double>();
        line.Show(new ProgressReport("waiting", 0, 0, ""));
        await foreach (var happened in client.WatchFineTuneJobAsync(job, cancellationToken: cancellationToken))
        {
            if (happened.Progress is { } progress)
            {
                if (progress.ImagesPerSecond is { } speed and > 0)
                    speeds.Add(speed);
                line.Show(TrainingText.Report(progress));
            }
            if (happened.Message is { } message)
                line.Note(message);
            if (happened.PlanJson is { } plan && PlanText.OneLine(plan) is { Length: > 0 } values)
                line.Note($"Plan: {values}");
            // A state of the past says nothing about now: the job that comes with it does, and so does that of a heartbeat.
            if (happened.Job is { IsDone: false, State: JobState.Queued or JobState.Paused or JobState.Validating })
                line.Show(new ProgressReport(TrainingText.Waiting(happened.Job), 0, 0, ""));
            if (happened.Job is { IsDone: true })
                done = happened.Job;
            if (happened is { IsHeartbeat: true, HeartbeatAge: { } age } && age > SilentTrainer)
                line.Show(new ProgressReport($"the trainer is silent for {Show.Duration(age)}", 0, 0, ""));
        }
        // What came with its end does not know yet what became of its promotion.
        return new FollowedJob(
            done is { IsPromotionPending: false } ? done : await client.GetFineTuneJobAsync(job, cancellationToken), Median(speeds));
    }

    private static double? Median(List<double> values)
    {
        values.Sort();
        return values.Count == 0 ? null : values[values.Count / 2];
    }
}
