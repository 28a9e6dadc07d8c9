using Microsoft.ML.OnnxRuntime;

namespace BiT.Training.Loop;

/// <summary>What a training loop drives: micro-batches accumulate gradients, a step applies them. Not safe for use from several threads.</summary>
public interface ITrainingEngine : IDisposable
{
    /// <summary>Where the next micro-batch's images (or features) are written: row-major, as the graph's input. Valid until disposal.</summary>
    Span<float> Inputs { get; }

    /// <summary>Where the next micro-batch's class indices are written.</summary>
    Span<long> Labels { get; }

    /// <summary>Where the next micro-batch's MixUp partners are written: positions within the micro-batch.</summary>
    Span<long> Permutation { get; }

    /// <summary>Current values of a parameter, by position. Valid until the next step; to be written before the first micro-batch only.</summary>
    Span<float> Weights(int index);

    /// <summary>Current momentum of a parameter, by position. Valid until the next step; to be written before the first micro-batch only.</summary>
    Span<float> Momenta(int index);

    /// <summary>The current parameters as ONNX values in graph order, to bind elsewhere. Valid until the next step.</summary>
    IReadOnlyList<OrtValue> WeightValues { get; }

    /// <summary>Length of the gradient accumulated since the last step, over all parameters; null where the engine keeps its gradients to
    /// itself.</summary>
    double? GradientNorm();

    /// <summary>Length of the current weights, over all parameters.</summary>
    double WeightNorm();

    /// <summary>Whether the current weights, over all parameters, are longer than something: looks at no more of them than it takes to know.</summary>
    bool WeightsExceed(double length);

    /// <summary>Forward and backward pass.</summary>
    /// <param name="lambda">MixUp weight of the image itself, 0 to 1; 1 turns MixUp off.</param>
    /// <returns>The micro-batch's mean loss.</returns>
    float AccumulateMicroBatch(float lambda);

    /// <summary>Applies the accumulated gradient and starts a new one.</summary>
    void Step(float learningRate);
}
