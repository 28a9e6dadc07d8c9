using BiT.Core.Classification;
using BiT.Core.Runtime;
using BiT.Core.Store;

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
            var loaded = head is null ? null : LinearHead.Load(blobs.PathOf(head));
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

    public void Dispose() => _model.Dispose();
}
