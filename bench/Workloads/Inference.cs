using BiT.Core.Runtime;
using BiT.Graphs;
using BiT.Training.Artifacts;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Bench.Workloads;

/// <summary>How an inference graph normalises.</summary>
internal enum InferenceNorm
{
    /// <summary>As published: the fused operator, with its kernel.</summary>
    Managed,

    /// <summary>As published, without the kernel: ONNX Runtime inlines the body, InstanceNormalization.</summary>
    Instance,

    /// <summary>Groups as rows of LayerNormalization: fast, and inexact where the mean is large (docs/decisions/0004).</summary>
    Layer,

    /// <summary>Not at all: what convolutions and ReLU cost alone.</summary>
    None,
}

/// <summary>A forward pass of a workload.</summary>
internal sealed class Inference : ITimedForm
{
    private readonly InferenceModel _model;
    private readonly byte[] _images;
    private readonly int _batch;

    public Inference(Workload workload, InferenceNorm norm, ArtifactCache artifacts)
    {
        var weights = Initializers.Create(workload.Network, Workload.ClassCount, seed: 1);
        var graph = Graph(workload, norm, (name, shape) => InferenceGraph.Folded(weights, name, shape));
        _model = InferenceModel.Open(artifacts.GetOrWrite(graph), workload.WithKernels(norm == InferenceNorm.Managed));
        _batch = workload.Batch;
        _images = Noise.Bytes(_batch * workload.Size * workload.Size * 3, seed: 2);
    }

    public static Graph Graph(Workload workload, InferenceNorm norm, Func<string, Shape, Tensor> arrayOf) => InferenceGraph.Build(
        workload.Network, Workload.ClassCount, workload.Size, arrayOf, metadata: null, norm switch
        {
            InferenceNorm.Layer => LayerNormRelu,
            InferenceNorm.None => (b, image, _, _) => b.Relu(image),
            _ => null,
        });

    public void Run() => _model.Run(_images, _batch);

    public void Dispose() => _model.Dispose();

    private static Value LayerNormRelu(GraphBuilder b, Value image, Value gamma, Value beta)
    {
        var channels = image.Shape[1].Size;
        var length = channels / BitNetwork.GroupCount * image.Shape[2].Size * image.Shape[3].Size;
        var ones = new float[length];
        Array.Fill(ones, 1f);
        var groups = b.Append("Reshape", [image, b.Constant(Tensor.Of(0, BitNetwork.GroupCount, length))]).Outputs[0];
        var normalized = b.LayerNormalization(groups, b.Constant(Tensor.Of(Shape.Of(length), ones)), Normalization.GroupNormEpsilon);
        var restored = b.Append("Reshape", [normalized, b.Constant(Tensor.Of(0, channels, image.Shape[2].Size, image.Shape[3].Size))]).Outputs[0];
        var perChannel = Shape.Of(1, channels, 1, 1);
        return b.Relu(b.Add(b.Mul(restored, b.Reshape(gamma, perChannel)), b.Reshape(beta, perChannel)));
    }
}
