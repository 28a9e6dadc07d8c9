using BiT.Graphs;
using BiT.Graphs.Differentiation;
using BiT.Graphs.Passes;

namespace BiT.Training.Networks;

/// <summary>Sizes that a training or evaluation graph is made for; shapes are static.</summary>
/// <param name="ClassCount">Classes of the head, at least 1.</param>
/// <param name="BatchSize">Images per run: the micro-batch.</param>
/// <param name="ImageSize">Side of the square images, in pixels.</param>
/// <param name="AccumulationSteps">Micro-batches per optimiser step: gradients are divided by it, so that their sum is a mean.</param>
/// <param name="Fused">Whether the graph is written with fused operators, for sessions with managed kernels
/// (<see cref="Core.Runtime.ManagedKernels"/>), or with plain ones alone. Both compute the same up to rounding.</param>
public sealed record TrainingGraphSizes(int ClassCount, int BatchSize, int ImageSize, int AccumulationSteps = 1, bool Fused = true)
{
    /// <summary>How the graph is written for ONNX Runtime Training, which has none of our kernels; null writes it for our own engine.</summary>
    public OrtTrainingForm? OrtTraining { get; init; }

    internal GraphBuilder Builder(string name) => new(name)
    {
        UsesFusedOperators = Fused && OrtTraining is null,
        UsesTrainingGradients = OrtTraining is { UsesTrainingGradients: true },
    };
}

/// <summary>Builds the graphs that train and evaluate a network, laid out as ONNX Runtime Training lays out its artifacts.</summary>
/// <remarks>Inputs in order: user inputs, parameters, gradient buffers, lazy_reset_grad. Parameters come in the order of
/// <see cref="NetworkParameters.List"/>, in all graphs.</remarks>
public static class TrainingGraphs
{
    public const string BufferSuffix = "_grad.accumulation.buffer";
    public const string AccumulatedSuffix = "_grad.accumulation.out";
    public const string ProbePrefix = "probe.";

    /// <summary>The training graph of the whole network: loss and accumulated gradients of one micro-batch.</summary>
    /// <remarks>User inputs: images float32 [B,3,S,S] in [-1,1], labels int64 [B], permutation int64 [B] and lambda float32 [1] for MixUp
    /// (0..B-1 and 1 when it is off). Outputs: loss (a scalar, the micro-batch's mean), then per parameter its accumulated gradient: the
    /// buffer, which must hold finite numbers, plus this gradient over AccumulationSteps; or this gradient alone when lazy_reset_grad is true,
    /// and always when AccumulationSteps is 1. For ONNX Runtime Training it is a flag instead, [1], and the buffer itself is changed.</remarks>
    public static Graph Training(BitNetwork network, TrainingGraphSizes sizes)
    {
        var b = sizes.Builder("training");
        var images = b.Input("images", ElementType.Float32, Shape.Of(sizes.BatchSize, 3, sizes.ImageSize, sizes.ImageSize));
        var labels = TargetLabels.Inputs(b, sizes);
        var parameters = NetworkParameters.List(network, sizes.ClassCount);
        var values = ParameterInputs(b, parameters);
        var logits = Logits(b, network, labels.Mix(b, images), values);
        Differentiate(b, parameters, values, labels.Loss(b, logits, sizes.ClassCount), sizes);
        // Of the plain form ONNX Runtime splits every gradient into many nodes and orders those anew: it needs less memory as it is.
        return sizes.Fused ? ExecutionOrder.Apply(ResidualGradients.Apply(Recomputation.Apply(b.Build()))) : b.Build();
    }

    /// <summary>The training graph of a head alone on computed features.</summary>
    /// <remarks>As <see cref="Training"/>, with features float32 [B,F] in the place of images.</remarks>
    public static Graph HeadTraining(int featureCount, TrainingGraphSizes sizes)
    {
        var b = sizes.Builder("head_training");
        var features = b.Input("features", ElementType.Float32, Shape.Of(sizes.BatchSize, featureCount));
        var labels = TargetLabels.Inputs(b, sizes);
        var parameters = NetworkParameters.Head(featureCount, sizes.ClassCount);
        var values = ParameterInputs(b, parameters);
        var logits = HeadLogits(b, labels.Mix(b, features), values);
        Differentiate(b, parameters, values, labels.Loss(b, logits, sizes.ClassCount), sizes);
        return b.Build();
    }

    /// <summary>The evaluation graph: images float32 [B,3,S,S], labels int64 [B] and the parameters to loss, logits [B,K] and pre_logits
    /// [B,F].</summary>
    public static Graph Evaluation(BitNetwork network, TrainingGraphSizes sizes)
    {
        var b = sizes.Builder("evaluation");
        var images = b.Input("images", ElementType.Float32, Shape.Of(sizes.BatchSize, 3, sizes.ImageSize, sizes.ImageSize));
        var labels = new TargetLabels(b.Input("labels", ElementType.Int64, Shape.Of(sizes.BatchSize)), Mixing: null);
        var values = ParameterInputs(b, NetworkParameters.List(network, sizes.ClassCount));
        var preLogits = new BitForward(b, network, Forms(b, values)).PreLogits(images);
        var logits = HeadLogits(b, preLogits, values);
        b.Output("loss", labels.Loss(b, logits, sizes.ClassCount));
        b.Output("logits", logits);
        b.Output("pre_logits", preLogits);
        return b.Build();
    }

    private static Dictionary<string, Value> ParameterInputs(GraphBuilder b, IReadOnlyList<Parameter> parameters) =>
        parameters.ToDictionary(parameter => parameter.Name, parameter => b.Input(parameter.Name, ElementType.Float32, parameter.Shape));

    private static Value Logits(GraphBuilder b, BitNetwork network, Value images, Dictionary<string, Value> values) =>
        HeadLogits(b, new BitForward(b, network, Forms(b, values), tilesBatches: true).PreLogits(images), values);

    private static Value HeadLogits(GraphBuilder b, Value features, Dictionary<string, Value> values) =>
        Classifier.Logits(b, features, values[NetworkParameters.HeadKernelName], values[NetworkParameters.HeadBiasName]);

    private static LayerForms Forms(GraphBuilder b, Dictionary<string, Value> values) => new(
        name => Normalization.Standardize(b, values[name]),
        (x, prefix) => Normalization.GroupNormRelu(b, x, values[$"{prefix}/group_norm/gamma"], values[$"{prefix}/group_norm/beta"]));

    // Declares the outputs: loss first, then each accumulated gradient in parameter order. The nodes that accumulate run as soon as a
    // gradient is complete, so that no more than a few are alive at a time.
    private static void Differentiate(
        GraphBuilder b, IReadOnlyList<Parameter> parameters, Dictionary<string, Value> values, Value loss, TrainingGraphSizes sizes)
    {
        var buffers = parameters.ToDictionary(
            parameter => values[parameter.Name], parameter => b.Input(parameter.Name + BufferSuffix, ElementType.Float32, parameter.Shape));
        var reset = b.Input("lazy_reset_grad", ElementType.Bool, Shape.Of(1));
        var accumulated = new Dictionary<Value, Value>();
        var accumulate = Accumulation(b, reset, sizes);
        var gradients = Backpropagation.Gradients(b, loss, [.. buffers.Keys], b.Scalar(1.0 / sizes.AccumulationSteps),
            (parameter, gradient) => accumulated[parameter] = accumulate(buffers[parameter], gradient));
        b.Output("loss", loss);
        if (sizes.OrtTraining is { HasProbes: true })
        {
            foreach (var (parameter, gradient) in buffers.Keys.Zip(gradients))
                b.Output(ProbePrefix + parameter.Name, b.Identity(gradient));
        }
        foreach (var parameter in parameters)
            b.Output(parameter.Name + AccumulatedSuffix, accumulated[values[parameter.Name]]);
    }

    // From buffer and gradient to the new buffer, or to ONNX Runtime Training's flag.
    private static Func<Value, Value, Value> Accumulation(GraphBuilder b, Value reset, TrainingGraphSizes sizes)
    {
        if (sizes.OrtTraining is not null)
            return (buffer, gradient) => b.AccumulateInPlace(buffer, gradient, reset);
        if (sizes.AccumulationSteps == 1)
            return (_, gradient) => gradient;
        var keep = b.Cast(b.Not(reset), ElementType.Float32);
        return (buffer, gradient) => b.Add(b.Mul(buffer, keep), gradient);
    }
}
