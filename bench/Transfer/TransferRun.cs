using BiT.Core.Reports;
using BiT.Core.Store;
using BiT.Training.Planning;
using BiT.Training.Worker;

namespace BiT.Bench.Transfer;

/// <summary>What a fine-tuning run reached.</summary>
/// <param name="Accuracy">Share of the validation photos classified right by the published version.</param>
/// <param name="Seconds">From the job's start to its version.</param>
/// <param name="Plan">What was trained, of two ways the published one.</param>
/// <param name="Version">The published version.</param>
/// <param name="Curve">Accuracy by step.</param>
internal sealed record TransferResult(double Accuracy, double Seconds, TrainingPlan Plan, ModelVersionId Version, IReadOnlyList<(long Step, double Accuracy)> Curve);

/// <summary>Runs fine-tuning jobs as the trainer does, in this process.</summary>
internal sealed class TransferRun(Workspace workspace, TrainerOptions options)
{
    private const string ModelId = "transfer";

    /// <exception cref="InvalidOperationException">The job failed; the message says why.</exception>
    public async Task<TransferResult> RunAsync(DatasetRecord dataset, string method, string recipe, ModelVersionId? origin, FineTuneOverrides overrides)
    {
        var job = workspace.Jobs.Submit(
            new FineTuneSpec
            {
                DatasetId = dataset.Id, ModelId = ModelId, Network = "bit-tiny", Method = method, Recipe = recipe, Base = origin, Overrides = overrides,
            },
            null);
        using var stop = new CancellationTokenSource();
        var worker = Task.Run(() => new TrainerWorker(workspace, options, TimeProvider.System, TextWriter.Null).RunAsync(stop.Token));
        while (!Find(job.Id).IsDone && !worker.IsCompleted)
            await Task.Delay(20);
        await stop.CancelAsync();
        await worker;
        var done = Find(job.Id);
        if (done.Result is not { } id || workspace.Models.FindVersion(id) is not { } version)
            throw new InvalidOperationException($"{method} with recipe {recipe} ended {done.State}: {done.Error?.Message}");
        var report = ReportJson.Load(workspace.Blobs, version.Manifest);
        return new TransferResult(
            version.Manifest.ValidationAccuracy ?? throw new InvalidOperationException("There are no validation photos."),
            done.EndTime is { } end && done.StartTime is { } start ? (end - start).TotalSeconds : 0,
            Published(TrainingPlan.FromJson(done.PlanJson ?? ""), version.Manifest), id,
            [.. report?.Curve.Where(point => point.ValidationAccuracy is not null).Select(point => (point.Step, point.ValidationAccuracy ?? 0)) ?? []]);
    }

    private static TrainingPlan Published(TrainingPlan plan, ModelManifest manifest) =>
        plan.HeadCandidate is { } head && manifest.Method == "head" ? head.PlanOf(plan) : plan;

    private JobRecord Find(string id) => workspace.Jobs.Find(id) ?? throw new InvalidOperationException($"Job {id} is gone.");
}
