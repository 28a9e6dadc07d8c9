using System.Diagnostics;
using BiT.Core.Store;
using BiT.Training.Artifacts;

namespace BiT.Training.Worker.Tasks;

/// <summary>Resolves the plan of a job and measures what the job would cost.</summary>
internal sealed class EstimateHandler(Workspace workspace, TrainerOptions options) : TaskHandler
{
    public override TaskKind Kind => TaskKind.Estimate;

    public override TaskOutcome Run(string request, TaskContext context)
    {
        var spec = StoreJson.ReadTask<EstimateRequest>(request).Spec;
        var wasBusy = context.IsJobRunning();
        var dataset = JobPlanner.FindDataset(workspace, spec.DatasetId);
        var artifacts = new ArtifactCache(workspace.ArtifactFolder);
        var planner = new JobPlanner(workspace, artifacts, options, context.Stop);
        var start = Stopwatch.GetTimestamp();
        var plan = planner.Resolve(spec, dataset);
        // The job plans once more, and measures the same.
        var planning = Stopwatch.GetElapsedTime(start);
        var cost = new JobMeasurement(workspace, artifacts, options, context.Stop).Measure(plan, dataset, planner.InitialWeights(plan));
        return new TaskOutcome.Result(StoreJson.WriteTask(new EstimateResult
        {
            PlanJson = plan.ToJson(),
            Duration = planning + cost.Duration,
            PeakMemoryBytes = cost.PeakMemoryBytes,
            ImagesPerSecond = cost.ImagesPerSecond,
            DiskBytes = cost.DiskBytes,
            IsMeasuredWhileBusy = wasBusy || context.IsJobRunning(),
        }));
    }
}
