using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Serving.Batching;
using BiT.Serving.Telemetry;

namespace BiT.Serving.Hosting;

/// <summary>Opens an infer.onnx from the store, warms it and gives it a queue.</summary>
internal sealed class GraphLoader(
    Workspace workspace, RuntimeOptions runtime, BatchingOptions batching, HostingOptions hosting, TimeProvider time, ServerMetrics metrics,
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
            var perImage = GraphMemory.BytesPerImage(model.FeatureCount, model.InputHeight, model.InputWidth);
            var batchSize = GraphMemory.BatchSize(perImage, hosting.MemoryBudget, batching.MaxBatchSize);
            var queue = new BatchQueue(imageBytes, model.Run, batching with { MaxBatchSize = batchSize }, time, metrics,
                failure => logger.LogError(failure, "Graph {Hash} failed on a batch.", graph.Model));
            metrics.GraphLoads.Add(1);
            logger.LogInformation("Loaded graph {Hash} for {Height} x {Width} pixels, {BatchSize} images at a time, in {Duration}.",
                graph.Model, model.InputHeight, model.InputWidth, batchSize, time.GetElapsedTime(start));
            return new LoadedGraph(queue, model)
            {
                InputHeight = model.InputHeight,
                InputWidth = model.InputWidth,
                FeatureCount = model.FeatureCount,
                ClassCount = model.ClassCount,
                Bytes = GraphMemory.Bytes(FileBytes(graph), perImage, batchSize),
            };
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private long FileBytes(GraphBlobs graph) =>
        new FileInfo(workspace.Blobs.PathOf(graph.Model)).Length + (graph.Data is { } data ? new FileInfo(workspace.Blobs.PathOf(data)).Length : 0);
}
