using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Serving.Batching;
using BiT.Serving.Telemetry;

namespace BiT.Serving.Hosting;

/// <summary>Opens an infer.onnx from the store, warms it and gives it a queue.</summary>
internal sealed class GraphLoader(
    Workspace workspace, RuntimeOptions runtime, BatchingOptions batching, TimeProvider time, ServerMetrics metrics,
    ILogger<GraphLoader> logger)
{
    public LoadedGraph Load(GraphBlobs graph)
    {
        var start = time.GetTimestamp();
        var model = StoredGraph.Open(workspace.Blobs, graph, runtime, message => logger.LogWarning("{Message}", message));
        try
        {
            // The first run allocates and picks kernels: no caller should wait for it.
            var imageBytes = checked(model.InputHeight * model.InputWidth * 3);
            model.Run(new byte[imageBytes], 1);
            var queue = new BatchQueue(imageBytes, model.Run, batching, time, metrics,
                failure => logger.LogError(failure, "Graph {Hash} failed on a batch.", graph.Model));
            metrics.GraphLoads.Add(1);
            logger.LogInformation("Loaded graph {Hash} for {Height} x {Width} pixels in {Duration}.",
                graph.Model, model.InputHeight, model.InputWidth, time.GetElapsedTime(start));
            return new LoadedGraph(queue, model)
            {
                InputHeight = model.InputHeight,
                InputWidth = model.InputWidth,
                FeatureCount = model.FeatureCount,
                ClassCount = model.ClassCount,
            };
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
