using System.Numerics.Tensors;
using BiT.Core.Classification;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Datasets;

namespace BiT.Training.Evaluation;

/// <summary>A stored version, run as the server runs it: its inference graph, then its head if it has one.</summary>
internal sealed class ServedVersion : IDisposable
{
    private const int BatchSize = 16;

    private readonly InferenceModel _model;
    private readonly LinearHead? _head;
    private readonly IReadOnlyList<string> _labels;

    private ServedVersion(InferenceModel model, LinearHead? head, IReadOnlyList<string> labels)
    {
        _model = model;
        _head = head;
        _labels = labels;
    }

    /// <summary>Opens the files of a version.</summary>
    /// <param name="blobs">Holds them.</param>
    /// <param name="manifest">Names them.</param>
    /// <param name="options">Provider and threads.</param>
    /// <param name="log">Receives what people should know, for example a fallback to the CPU.</param>
    /// <exception cref="BlobNotFoundException">A file is not in the store.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the version has no classes.</exception>
    public static ServedVersion Open(BlobStore blobs, ModelManifest manifest, RuntimeOptions options, Action<string> log)
    {
        var head = manifest.Head is { } hash ? LinearHead.Load(blobs.PathOf(hash)) : null;
        var model = StoredGraph.Open(blobs, manifest.Graph, options, log);
        var classCount = head?.ClassCount ?? model.ClassCount;
        if (classCount == manifest.Labels.Count && classCount > 0 && (head is null || head.FeatureCount == model.FeatureCount))
            return new ServedVersion(model, head, manifest.Labels);
        model.Dispose();
        throw new InvalidDataException($"The version has {classCount} outputs and {manifest.Labels.Count} labels; "
            + "expected as many of the one as of the other, and at least one.");
    }

    /// <summary>How many photos it classifies right, compared by the names of the classes.</summary>
    /// <param name="photos">Squares of the version's input size.</param>
    /// <param name="labels">Class names by the class indices of <paramref name="photos"/>. Names that the version does not know are never
    /// right.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    public int CountCorrect(PhotoPixels photos, IReadOnlyList<string> labels, CancellationToken cancellation)
    {
        var pixels = new byte[BatchSize * photos.PhotoBytes];
        var correct = 0;
        for (var start = 0; start < photos.Count; start += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(BatchSize, photos.Count - start);
            for (var item = 0; item < count; item++)
                photos.Read(start + item, pixels.AsSpan(item * photos.PhotoBytes, photos.PhotoBytes));
            var output = _model.Run(pixels, count);
            for (var item = 0; item < count; item++)
            {
                if (string.Equals(Predict(output, item), labels[photos.Labels[start + item]], StringComparison.Ordinal))
                    correct++;
            }
        }
        return correct;
    }

    public void Dispose() => _model.Dispose();

    private string Predict(InferenceOutput output, int item)
    {
        if (_head is null)
            return _labels[TensorPrimitives.IndexOfMax(output.Logits.AsSpan(item * _model.ClassCount, _model.ClassCount))];
        var logits = new float[_head.ClassCount];
        _head.Apply(output.PreLogits.AsSpan(item * _model.FeatureCount, _model.FeatureCount), logits);
        return _labels[TensorPrimitives.IndexOfMax(logits)];
    }
}
