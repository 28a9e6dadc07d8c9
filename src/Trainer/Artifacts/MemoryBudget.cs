using BiT.Training.Networks;

namespace BiT.Training.Artifacts;

/// <summary>How many images of a size a training pass may take.</summary>
/// <param name="network">The network.</param>
/// <param name="classCount">Classes of its head.</param>
/// <param name="budgetBytes">What training may use.</param>
public sealed class MemoryBudget(BitNetwork network, int classCount, long budgetBytes)
{
    // HyperRule's largest batch: there is no use for more.
    private const int MostImages = 512;

    // Packing and column buffers of the kernels, and the arena's fragmentation, measured at 20 to 35 % over the estimate.
    private const double Margin = 1.4;

    private readonly Dictionary<int, int> _known = [];

    /// <summary>A budget of half the memory that this process may use (a container's limit counts).</summary>
    public static long DefaultBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>Most images of a side in pixels that fit; 0 if not even one does.</summary>
    public int MaxMicroBatch(int imageSize)
    {
        if (_known.TryGetValue(imageSize, out var known))
            return known;
        var (one, two) = (Bytes(imageSize, 1), Bytes(imageSize, 2));
        var perImage = Math.Max(1, two - one);
        // The second buffers of parameters, momenta and gradients live outside of the graph.
        var parameters = NetworkParameters.List(network, classCount).Sum(parameter => 4L * parameter.ElementCount);
        var left = budgetBytes - 5 * parameters - Margin * (one - perImage);
        return _known[imageSize] = (int)Math.Clamp(left / (perImage * Margin), 0, MostImages);
    }

    private long Bytes(int imageSize, int batchSize) =>
        PeakMemory.Bytes(TrainingGraphs.Training(network, new TrainingGraphSizes(classCount, batchSize, imageSize)));
}
