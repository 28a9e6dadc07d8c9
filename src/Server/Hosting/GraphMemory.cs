namespace BiT.Serving.Hosting;

/// <summary>Estimates the memory of a loaded graph, and how many images a run of it may take.</summary>
/// <remarks>The graphs are BiT networks, whose memory follows from two numbers. A run holds a few maps of the first block at a time; in bytes
/// an image was measured at 0.24 (managed kernels) to 0.46 (plain operators) x features x height x width. Weights are held twice: as the
/// file gives them, and packed for the kernels.</remarks>
internal static class GraphMemory
{
    // Of the budget, for the images of one run.
    private const int BatchShare = 4;

    /// <summary>Bytes that a run holds for each image.</summary>
    /// <param name="featureCount">Length of a pre-logits vector.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="width">Pixels.</param>
    public static long BytesPerImage(int featureCount, int height, int width) => Math.Max(1, (long)featureCount * height * width / 2);

    /// <summary>Images of one run: as many as a quarter of the budget holds, at least one, at most <paramref name="most"/>.</summary>
    public static int BatchSize(long bytesPerImage, long budget, int most) => (int)Math.Clamp(budget / BatchShare / bytesPerImage, 1, most);

    /// <summary>Bytes of a graph that stays loaded, with a batch.</summary>
    /// <param name="fileBytes">Size of its files.</param>
    /// <param name="bytesPerImage">See <see cref="BytesPerImage"/>.</param>
    /// <param name="batchSize">Images of its largest run: ONNX Runtime keeps that memory.</param>
    public static long Bytes(long fileBytes, long bytesPerImage, int batchSize) => checked(2 * fileBytes + bytesPerImage * batchSize);
}
