using System.Security.Cryptography;
using System.Text;
using BiT.Graphs;
using BiT.Graphs.Serialization;

namespace BiT.Bench.Workloads;

/// <summary>The plain-operator graphs that a measurement is compared with. Their hashes are pinned, so that ratios of different days compare.</summary>
internal static class PlainGraphs
{
    /// <summary>sha256 over the plain graphs of a training step, lower-case hexadecimal.</summary>
    public static string HashOfTrainStep(Workload workload) => Hash(TrainStep.Training(workload, fused: false), TrainStep.Optimizer(workload, fused: false));

    /// <summary>sha256 over the plain graphs of a forward pass, with zeros for weights.</summary>
    public static string HashOfInference(Workload workload) => Hash(
        Inference.Graph(workload, InferenceNorm.Instance, Zeros), Inference.Graph(workload, InferenceNorm.Layer, Zeros));

    private static Tensor Zeros(string name, Shape shape) => Tensor.Of(shape, new float[shape.ElementCount]);

    private static string Hash(params ReadOnlySpan<Graph> graphs)
    {
        var text = new StringBuilder();
        foreach (var graph in graphs)
            text.Append(GraphText.Print(graph));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
