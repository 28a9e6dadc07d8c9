using BiT.Graphs.Serialization;
using BiT.Training.Networks;

namespace BiT.Training.Publishing;

/// <summary>Whether the inference graph of a network fits into the one ONNX file that a version stores, known before any work.</summary>
/// <remarks><see cref="Publisher"/> checks the file itself: this counts the weights and leaves out some kilobytes of other
/// constants.</remarks>
internal static class PublishableSize
{
    /// <summary>What is wrong and the cure, in one sentence; null if the graph fits.</summary>
    /// <param name="network">The network.</param>
    /// <param name="classCount">Classes of the head inside the graph; 0 for a backbone.</param>
    public static string? Violation(BitNetwork network, int classCount)
    {
        var bytes = Bytes(network, classCount);
        if (bytes <= OnnxWriter.ExternalDataThreshold)
            return null;
        var head = classCount > 0 ? $" with a head of {classCount:N0} classes" : "";
        var fitting = BitNetwork.KnownNames.Where(name => Bytes(BitNetwork.ByName(name), classCount) <= OnnxWriter.ExternalDataThreshold);
        var fewer = classCount > 0 && Bytes(network, 0) <= OnnxWriter.ExternalDataThreshold ? ", or fewer classes" : "";
        return $"The inference graph of {network.Name}{head} has {bytes / 1e9:0.0#} GB of weights; a version is stored as one ONNX file, "
            + $"which holds at most {OnnxWriter.ExternalDataThreshold / 1e9:0.0#} GB. "
            + $"Choose a smaller network ({string.Join(", ", fitting)}){fewer}.";
    }

    private static long Bytes(BitNetwork network, int classCount) =>
        NetworkParameters.List(network, classCount).Sum(parameter => (long)sizeof(float) * parameter.ElementCount);
}
