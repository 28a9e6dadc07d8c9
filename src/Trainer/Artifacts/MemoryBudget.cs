using BiT.Training.Networks;

namespace BiT.Training.Artifacts;

/// <summary>How many images of a size a pass of a method may take.</summary>
/// <param name="network">The network.</param>
/// <param name="classCount">Classes of its head.</param>
/// <param name="budgetBytes">What training may use.</param>
/// <param name="fused">As in <see cref="TrainingGraphSizes"/>: fused graphs keep less in memory.</param>
public sealed class MemoryBudget(BitNetwork network, int classCount, long budgetBytes, bool fused = true)
{
    // HyperRule's largest batch: there is no use for more.
    private const int MostImages = 512;

    // The largest batch that can be asked for: a step of the head is always worth taking whole.
    private const int MostFeatures = 4096;

    // Larger forward passes are no faster per image.
    private const int MostForwardImages = 16;

    // Packing and column buffers of the kernels, and the arena's fragmentation, measured at 20 to 35 % over the estimate.
    private const double Margin = 1.4;

    private readonly Dictionary<int, int> _training = [];
    private readonly Dictionary<int, int> _forward = [];

    /// <summary>A budget of half the memory that this process may use (a container's limit counts).</summary>
    public static long DefaultBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>Most images of a pass that trains; 0 if not even one fits.</summary>
    /// <param name="method"><c>full</c>: a forward and backward pass over the network. <c>head</c>: over the head alone, on features that
    /// forward passes of <see cref="ForwardBatch"/> images computed before; 0 if not even one image fits into such a pass.</param>
    /// <param name="imageSize">Side in pixels.</param>
    public int MaxMicroBatch(string method, int imageSize)
    {
        if (method != "head")
            return Known(_training, imageSize, TrainingImages);
        return Known(_forward, imageSize, ForwardImages) < 1 ? 0 : HeadFeatures();
    }

    /// <summary>Images per forward pass of the backbone, 1 to 16.</summary>
    /// <param name="imageSize">Side in pixels.</param>
    public int ForwardBatch(int imageSize) => Math.Max(1, Known(_forward, imageSize, ForwardImages));

    private int TrainingImages(int imageSize)
    {
        var (one, two) = (Bytes(1), Bytes(2));
        var perImage = Math.Max(1, two - one);
        // Outside of the graph: the weights that the run began with, the best ones, and a checkpoint's copies of weights and momenta. The graph counts
        // gradients twice, as buffers and as results; in memory they are one, and the other stands for the momenta.
        var left = budgetBytes - 5 * ParameterBytes(network, classCount) - Margin * (one - perImage);
        return (int)Math.Clamp(left / (perImage * Margin), 0, MostImages);

        long Bytes(int batch) => PeakMemory.Bytes(TrainingGraphs.Training(network, new TrainingGraphSizes(classCount, batch, imageSize, Fused: fused)));
    }

    // The weights that the run started from stay beside the session's.
    private int ForwardImages(int imageSize) => Fitting(MostForwardImages, budgetBytes - ParameterBytes(network, 0), batch =>
        PeakMemory.Bytes(TrainingGraphs.Evaluation(network, new TrainingGraphSizes(1, batch, imageSize, Fused: fused))));

    // Features are small, whatever the image size; what can be large is the head's own output with thousands of classes. Buffers as in
    // TrainingImages, of the head alone.
    private int HeadFeatures()
    {
        var backbone = ParameterBytes(network, 0);
        var left = budgetBytes - backbone - 5 * (ParameterBytes(network, classCount) - backbone);
        return Math.Max(1, Fitting(MostFeatures, left, batch =>
            PeakMemory.Bytes(TrainingGraphs.HeadTraining(network.FeatureCount, new TrainingGraphSizes(classCount, batch, ImageSize: 1, Fused: fused)))));
    }

    // As a batch grows, the peak moves from where weights are large to where activations are: a line through the peaks of 1 and 2 would
    // promise too much. The peak is convex in the batch, so that a line through those of 1 and the most does not.
    private static int Fitting(int most, double budget, Func<int, long> peak)
    {
        var (one, all) = (peak(1), peak(most));
        var each = Math.Max(1.0, (all - one) / (most - 1.0));
        var left = budget - Margin * one;
        return left < 0 ? 0 : (int)Math.Min(most, 1 + left / (each * Margin));
    }

    private static int Known(Dictionary<int, int> known, int imageSize, Func<int, int> compute)
    {
        if (!known.TryGetValue(imageSize, out var images))
            known[imageSize] = images = compute(imageSize);
        return images;
    }

    private static long ParameterBytes(BitNetwork network, int classCount) =>
        NetworkParameters.List(network, classCount).Sum(parameter => 4L * parameter.ElementCount);
}
