using BiT.Client;

namespace BiT.CommandLine;

/// <summary>A job's progress in words: <c>120/800  loss 0.412  lr 0.003  245/s  val 87.0%  1:23 left</c>.</summary>
internal static class TrainingText
{
    public static ProgressReport Report(FineTuneProgress progress)
        => new(progress.Phase.Length == 0 ? "working" : progress.Phase, progress.Step, progress.TotalSteps, Details(progress))
        {
            Sample = progress.Loss is null ? null : new CurveSample(progress.Step, progress.Loss, progress.ValidationAccuracy),
        };

    public static string Details(FineTuneProgress progress)
    {
        var parts = new List<string>();
        if (progress.TotalSteps > 0)
            parts.Add(Show.Invariant($"{progress.Step}/{progress.TotalSteps}"));
        if (progress.Loss is { } loss)
            parts.Add("loss " + Show.Number(loss));
        if (progress.LearningRate is { } rate)
            parts.Add("lr " + Show.Number(rate));
        if (progress.ImagesPerSecond is { } speed)
            parts.Add(Show.Invariant($"{speed:#,0.#}/s"));
        if (progress.ValidationAccuracy is { } accuracy)
            parts.Add("val " + Show.Percent(accuracy)
                + (progress.BestValidationAccuracy is { } best && best > accuracy ? $" (best {Show.Percent(best)})" : ""));
        if (progress.TimeLeft is { } left)
            parts.Add(Show.Duration(left) + " left");
        return string.Join("  ", parts);
    }

    public static string Waiting(FineTuneJob? job) => job switch
    {
        { State: JobState.Paused } => "paused; go on with: bit jobs resume " + ResourceName.Id(job.Name),
        { WaitingReason.Length: > 0 } => $"waiting: {CommandHints.InCommands(job.WaitingReason)}",
        _ => "waiting for a trainer",
    };
}
