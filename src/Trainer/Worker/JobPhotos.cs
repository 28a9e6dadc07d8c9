using BiT.Core.Classification;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Artifacts;
using BiT.Training.Datasets;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Publishing;

namespace BiT.Training.Worker;

/// <summary>The photos of a data set as jobs need them: resized pixels, and features under a frozen backbone. Both are computed once and kept in
/// the workspace's cache.</summary>
internal sealed class JobPhotos(Workspace workspace, DatasetRecord dataset, TrainerOptions options, JobReporter reporter)
{
    /// <summary>The photos of one half, resized to a square.</summary>
    public PhotoPixels Pixels(Split split, int side)
    {
        var total = dataset.Photos.Count(photo => photo.Split == split);
        return PhotoPixels.Prepare(workspace, dataset, split, side, options.Threads,
            done => reporter.Photos("preparing photos", done, total), reporter.Stop);
    }

    /// <summary>The features of one half.</summary>
    /// <param name="split">Which half.</param>
    /// <param name="pixels">Its photos at the plan's crop.</param>
    /// <param name="backbone">The backbone's graph for inference, in the store.</param>
    /// <param name="plan">Network, classes and crop.</param>
    public RecordFile Features(Split split, PhotoPixels pixels, GraphBlobs backbone, TrainingPlan plan)
    {
        var network = BitNetwork.ByName(plan.Network);
        var fused = ManagedKernels.AreUsed(options.Runtime);
        var batch = new MemoryBudget(network, plan.ClassCount, options.MemoryBytes, fused).ForwardBatch(plan.Crop);
        // Features differ in their last bits.
        var form = fused ? "" : "-plain";
        var path = Path.Combine(workspace.CacheFolder, $"features-{dataset.Id[..32]}-{split.ToString().ToLowerInvariant()}-{backbone.Model[..32]}{form}.f32");
        return PhotoFeatures.Compute(
            path, pixels, () => StoredGraph.Open(workspace.Blobs, backbone, options.Runtime, reporter.Message), network.FeatureCount, batch,
            done => reporter.Photos("computing features", done, pixels.Count), reporter.Stop);
    }
}
