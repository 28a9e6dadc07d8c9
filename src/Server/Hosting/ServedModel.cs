using BiT.Core.Classification;
using BiT.Core.Store;
using BiT.Serving.Batching;

namespace BiT.Serving.Hosting;

/// <summary>A model version in use by one request: its graph stays in memory until this is disposed.</summary>
internal sealed class ServedModel(ModelVersionRecord version, GraphLease lease, LinearHead? head) : IDisposable
{
    public ModelVersionRecord Version { get; } = version;

    public LoadedGraph Graph => lease.Graph;

    /// <summary>The most probable classes of an image, most probable first.</summary>
    /// <param name="output">What the graph said about the image.</param>
    /// <param name="count">How many; more than there are classes means all.</param>
    public IReadOnlyList<ScoredClass> Predict(ImageOutput output, int count)
    {
        var logits = output.Logits;
        if (head is not null)
        {
            logits = new float[head.ClassCount];
            head.Apply(output.PreLogits, logits);
        }
        var probabilities = new float[logits.Length];
        Softmax.Probabilities(logits, probabilities);
        return TopK.Select(probabilities, Math.Min(count, probabilities.Length));
    }

    public void Dispose() => lease.Dispose();
}
