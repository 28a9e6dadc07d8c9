namespace BiT.Training.Networks;

/// <summary>How a training graph is written for ONNX Runtime Training instead of our own engine: gradients are added to their buffers in
/// place, and the runtime owns parameters and buffers.</summary>
public sealed record OrtTrainingForm
{
    /// <summary>Gradients by the gradient operators of ONNX Runtime's training builds where there are some; otherwise by operators that every
    /// build has. They need forms of normalisation and loss that differ in rounding.</summary>
    public bool UsesTrainingGradients { get; init; }

    /// <summary>Whether the graph mixes images (MixUp) and so has the user inputs permutation and lambda.</summary>
    public bool Mixes { get; init; }

    /// <summary>Whether each gradient is an output of its own, <see cref="TrainingGraphs.ProbePrefix"/> and the parameter's name, to look
    /// at.</summary>
    public bool HasProbes { get; init; }
}
