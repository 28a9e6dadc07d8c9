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
        PauseRequested = job.IsPauseRequested,
        HeartbeatAgeSeconds = job.HeartbeatAge?.TotalSeconds,
        Promotion = job.PromotionOutcome is null ? null : Of(job.PromotionOutcome),
        job.CreateTime,
        job.StartTime,
        job.EndTime,
        Plan = Parse(job.PlanJson),
    };

    public static object Of(FineTuneEstimate estimate) => new
    {
        DurationSeconds = Math.Round(estimate.Duration.TotalSeconds, 1),
        estimate.PeakMemoryBytes,
        ImagesPerSecond = Math.Round(estimate.ImagesPerSecond, 1),
        estimate.DiskBytes,
        MeasuredWhileBusy = estimate.IsMeasuredWhileBusy,
        Plan = Parse(estimate.PlanJson),
    };

    public static object Of(PromotionOutcome outcome) => new
    {
        Promoted = outcome.IsPromoted,
        outcome.Reason,
        PreviousVersion = NullIfEmpty(outcome.PreviousVersion),
        outcome.PreviousAccuracy,
        outcome.NewAccuracy,
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

    public static object Of(Model model, ModelVersion shown, ModelReport? report, string? html) => new
    {
        model.Name,
        model.Aliases,
        LatestVersion = model.LatestVersion is null ? null : Of(model.LatestVersion, withManifest: false),
        model.CreateTime,
        Version = Of(shown, withManifest: false),
        Curve = report?.Curve.Select(point => new
        {
            point.Step,
            point.Loss,
            point.LearningRate,
            point.ValidationAccuracy,
            Seconds = point.Elapsed.TotalSeconds,
        }),
        Evaluation = report?.Evaluation is { } evaluation ? Of(evaluation) : null,
        Html = html,
    };

    public static object Of(Evaluation evaluation) => new
    {
        evaluation.PhotoCount,
        evaluation.Top1Accuracy,
        evaluation.Top5Accuracy,
        evaluation.Loss,
        evaluation.ExpectedCalibrationError,
        evaluation.Classes,
        evaluation.Confusion,
        evaluation.HighestLosses,
        evaluation.Calibration,
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
        Engine = NullIfEmpty(spec.Engine),
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
        spec.Overrides.HeadSteps,
        spec.Overrides.Seed,
        TimeBudgetSeconds = spec.Overrides.TimeBudget?.TotalSeconds,
        Promotion = spec.Promotion == PromotionRule.Never ? null : PromotionText.NameOf(spec.Promotion),
        PromotionAlias = NullIfEmpty(spec.PromotionAlias),
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
