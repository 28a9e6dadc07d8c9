using BiT.Core.Store;
using BiT.Training.Artifacts;

namespace BiT.Training.Worker.Tasks;

/// <summary>Shows the first batches of a job.</summary>
internal sealed class PreviewHandler(Workspace workspace, TrainerOptions options) : TaskHandler
{
    public override TaskKind Kind => TaskKind.Preview;

    public override TaskOutcome Run(string request, TaskContext context)
    {
        var asked = StoreJson.ReadTask<PreviewRequest>(request);
        var dataset = JobPlanner.FindDataset(workspace, asked.Spec.DatasetId);
        var plan = new JobPlanner(workspace, new ArtifactCache(workspace.ArtifactFolder), options, context.Stop).Resolve(asked.Spec, dataset);
        var preview = new BatchPreview(plan, BatchPreview.Photos(workspace, dataset, plan), context.Stop);
        return new TaskOutcome.Result(StoreJson.WriteTask(new PreviewResult
        {
            PlanJson = plan.ToJson(), Method = plan.Method, Side = plan.Crop, Batches = preview.Make(asked.BatchCount),
        }));
    }
}
