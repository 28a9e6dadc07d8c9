using System.Numerics.Tensors;
using BiT.Core.Classification;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Datasets;

namespace BiT.Training.Evaluation;

/// <summary>A version's stored files, run with the code that serves them.</summary>
internal sealed class ServedVersion : IDisposable
{
    /// <summary>Images per run: larger forward passes are no faster per image.</summary>
    public const int BatchSize = 16;

    private readonly InferenceModel _model;
    private readonly LinearHead? _head;

    private ServedVersion(InferenceModel model, LinearHead? head)
    {
        _model = model;
        _head = head;
    }

    /// <summary>Classes of its answers.</summary>
    public int ClassCount => _head?.ClassCount ?? _model.ClassCount;

    /// <summary>Opens a version.</summary>
    /// <param name="blobs">Holds its files.</param>
    /// <param name="graph">Blobs of the infer.onnx.</param>
    /// <param name="head">Blob of the head; null if the graph has one.</param>
    /// <param name="options">Provider and threads.</param>
    /// <param name="log">Receives what people should know of the opening.</param>
    /// <exception cref="InvalidDataException">A file is none of this project, or the head does not fit.</exception>
    public static ServedVersion Open(BlobStore blobs, GraphBlobs graph, string? head, RuntimeOptions options, Action<string> log)
    {
        var model = StoredGraph.Open(blobs, graph, options, log);
        try
        {
            var loaded = head is null ? null : LinearHead.Load(blobs.VerifiedPathOf(head));
            if (loaded is not null && loaded.FeatureCount != model.FeatureCount)
                throw new InvalidDataException($"The head takes {loaded.FeatureCount} features, and its backbone gives {model.FeatureCount}.");
            return new ServedVersion(model, loaded);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Opens a version that classifies.</summary>
    /// <param name="blobs">Holds its files.</param>
    /// <param name="manifest">Names them, and its classes.</param>
    /// <inheritdoc cref="Open(BlobStore, GraphBlobs, string, RuntimeOptions, Action{string})" path="/param|/exception"/>
    public static ServedVersion Open(BlobStore blobs, ModelManifest manifest, RuntimeOptions options, Action<string> log)
    {
        var version = Open(blobs, manifest.Graph, manifest.Head, options, log);
        if (version.ClassCount == manifest.Labels.Count && version.ClassCount > 0)
            return version;
        version.Dispose();
        throw new InvalidDataException($"The version has {version.ClassCount} outputs and {manifest.Labels.Count} labels; "
            + "expected as many of the one as of the other, and at least one.");
    }

    /// <summary>The logits of each image.</summary>
    /// <param name="images">RGB bytes, [count, S, S, 3] row-major, at least that long.</param>
    /// <param name="count">Images, at least 1.</param>
    /// <returns>Per image [ClassCount].</returns>
    public IReadOnlyList<float[]> Run(Memory<byte> images, int count)
    {
        var output = _model.Run(images, count);
        var logits = output.Logits;
        if (_head is not null)
        {
            logits = new float[count * _head.ClassCount];
            _head.Apply(output.PreLogits, logits);
        }
        return [.. logits.Chunk(ClassCount)];
    }

    /// <summary>How many photos it classifies right, compared by the names of the classes.</summary>
    /// <param name="photos">Squares of the version's input size.</param>
    /// <param name="labels">Class names by the class indices of <paramref name="photos"/>. Names that the version does not know are never
    /// right.</param>
    /// <param name="ownLabels">The version's class names, in the order of its outputs.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    public int CountCorrect(PhotoPixels photos, IReadOnlyList<string> labels, IReadOnlyList<string> ownLabels, CancellationToken cancellation) =>
        Run(photos, cancellation).Zip(photos.Labels).Count(photo =>
            string.Equals(ownLabels[TensorPrimitives.IndexOfMax(photo.First)], labels[photo.Second], StringComparison.Ordinal));

    /// <summary>The logits of each photo, in their order.</summary>
    /// <param name="photos">Squares of the version's input size.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    /// <returns>Per photo [ClassCount].</returns>
    public IEnumerable<float[]> Run(PhotoPixels photos, CancellationToken cancellation)
    {
        var pixels = new byte[Math.Min(BatchSize, photos.Count) * photos.PhotoBytes];
        for (var start = 0; start < photos.Count; start += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(BatchSize, photos.Count - start);
            for (var item = 0; item < count; item++)
                photos.Read(start + item, pixels.AsSpan(item * photos.PhotoBytes, photos.PhotoBytes));
            foreach (var logits in Run(pixels, count))
                yield return logits;
        }
    }

    public void Dispose() => _model.Dispose();
}
