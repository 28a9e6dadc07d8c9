using System.Text.Json;
using BiT.Client;

namespace BiT.CommandLine;

/// <summary>What <c>--json</c> prints for each kind of thing. Property names become snake_case; unset ones are left out.</summary>
internal static class JsonShapes
{
    public static object Of(FineTuneJob job) => new
    {
        job.Name,
        State = StateOf(job.State),
        Done = job.IsDone,
        job.Spec.Model,
        job.Spec.Dataset,
        Spec = OverridesOf(job.Spec),
        ModelVersion = NullIfEmpty(job.ModelVersion),
        Progress = job.Progress is null ? null : Of(job.Progress),
        Error = job.Error is null ? null : Of(job.Error),
        job.Attempt,
        CancelRequested = job.IsCancelRequested,
        WaitingReason = NullIfEmpty(job.WaitingReason),
        job.CreateTime,
        job.StartTime,
        job.EndTime,
        Plan = Parse(job.PlanJson),
    };

    public static object Of(FineTuneProgress progress) => new
    {
        progress.Phase,
        progress.Step,
        progress.TotalSteps,
        progress.Loss,
        progress.LearningRate,
        progress.ImagesPerSecond,
        progress.ValidationAccuracy,
        progress.BestValidationAccuracy,
        SecondsLeft = progress.TimeLeft?.TotalSeconds,
    };

    public static object Of(Model model) => new
    {
        model.Name,
        model.Aliases,
        LatestVersion = model.LatestVersion is null ? null : Of(model.LatestVersion, withManifest: false),
        model.CreateTime,
    };

    public static object Of(ModelVersion version, bool withManifest) => new
    {
        version.Name,
        version.Method,
        version.Network,
        version.InputSize,
        version.ValidationAccuracy,
        version.Labels,
        Job = NullIfEmpty(version.Job),
        Dataset = NullIfEmpty(version.Dataset),
        version.CreateTime,
        Manifest = withManifest ? Parse(version.ManifestJson) : null,
    };

    /// <param name="problems">Null leaves them out.</param>
    /// <param name="html">The page that was written; null if none was.</param>
    public static object Of(Dataset dataset, IEnumerable<DatasetProblem>? problems = null, string? html = null) => new
    {
        dataset.Name,
        dataset.DisplayName,
        Classes = dataset.Classes.Select(c => new { c.Label, c.TrainPhotoCount, c.ValidationPhotoCount }),
        dataset.TrainPhotoCount,
        dataset.ValidationPhotoCount,
        dataset.ByteCount,
        dataset.MedianArea,
        dataset.ProblemCount,
        dataset.CreateTime,
        Problems = problems?.Select(Of),
        Html = html,
    };

    public static object Of(DatasetProblem problem) => new
    {
        FileName = NullIfEmpty(problem.FileName),
        Label = NullIfEmpty(problem.Label),
        problem.Reason,
        problem.Message,
        Severity = ProblemText.SeverityOf(problem),
    };

    public static object Of(ClassifiedFile file) => new
    {
        File = file.Path,
        ModelVersion = NullIfEmpty(file.ModelVersion),
        Predictions = file.Error is null ? file.Predictions.Select(Of) : null,
        Error = file.Error is null ? null : Of(file.Error),
    };

    public static object Of(Prediction prediction) => new { prediction.Label, prediction.Probability, prediction.ClassIndex };

    public static object Of(BitException error) => new { error.Reason, error.Message };

    /// <summary>QUEUED, RUNNING, ...: the protocol's names without their prefix.</summary>
    public static string StateOf(JobState state) => state.ToString().ToUpperInvariant();

    private static object OverridesOf(FineTuneSpec spec) => new
    {
        Network = NullIfEmpty(spec.Network),
        Base = NullIfEmpty(spec.Base),
        Method = NullIfEmpty(spec.Method),
        Recipe = NullIfEmpty(spec.Recipe),
        spec.Overrides.Steps,
        spec.Overrides.BatchSize,
        spec.Overrides.MicroBatchSize,
        spec.Overrides.LearningRate,
        spec.Overrides.Resize,
        spec.Overrides.Crop,
        spec.Overrides.MixupAlpha,
        spec.Overrides.Momentum,
        spec.Overrides.WeightDecay,
        spec.Overrides.WarmupSteps,
        spec.Overrides.EvaluationInterval,
        spec.Overrides.EarlyStoppingPatience,
        spec.Overrides.Seed,
        TimeBudgetSeconds = spec.Overrides.TimeBudget?.TotalSeconds,
    };

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    // JSON inside JSON stays structured; text that is none is passed on as it is.
    private static object? Parse(string json)
    {
        if (json.Length == 0)
            return null;
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            return json;
        }
    }
}
