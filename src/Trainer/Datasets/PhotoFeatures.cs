using System.Runtime.InteropServices;
using BiT.Core.Runtime;

namespace BiT.Training.Datasets;

/// <summary>Features of photos under a frozen backbone, computed once with the graph that serves them.</summary>
internal static class PhotoFeatures
{
    /// <summary>Computes the features of all photos, or opens those of an earlier run.</summary>
    /// <param name="path">File; its name must follow from photos, backbone and size.</param>
    /// <param name="photos">Photos at the backbone's input size.</param>
    /// <param name="openBackbone">Opens the backbone's infer.onnx; called only if there is something to compute. Disposed here.</param>
    /// <param name="featureCount">Length of a feature vector.</param>
    /// <param name="batchSize">Photos per forward pass.</param>
    /// <param name="onPhoto">Called with the number of photos done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static RecordFile Compute(
        string path, PhotoPixels photos, Func<InferenceModel> openBackbone, int featureCount, int batchSize, Action<int> onPhoto,
        CancellationToken cancellation) =>
        RecordFile.GetOrWrite(path, photos.Count, featureCount * sizeof(float), handle =>
        {
            using var backbone = openBackbone();
            var pixels = new byte[batchSize * photos.PhotoBytes];
            for (var start = 0; start < photos.Count; start += batchSize)
            {
                cancellation.ThrowIfCancellationRequested();
                var count = Math.Min(batchSize, photos.Count - start);
                for (var item = 0; item < count; item++)
                    photos.Read(start + item, pixels.AsSpan(item * photos.PhotoBytes, photos.PhotoBytes));
                var features = backbone.Run(pixels, count).PreLogits;
                RandomAccess.Write(handle, MemoryMarshal.AsBytes<float>(features), (long)start * featureCount * sizeof(float));
                onPhoto(start + count);
            }
        });
}
