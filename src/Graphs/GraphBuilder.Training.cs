namespace BiT.Graphs;

/// <summary>One method per operator that only ONNX Runtime Training runs.</summary>
public sealed partial class GraphBuilder
{
    /// <summary>Whether gradients are written with the gradient operators of ONNX Runtime's training builds where there are some.</summary>
    public bool UsesTrainingGradients { get; init; }

    /// <summary>Declares the next input of the program: a sequence of tensors of one element type and any shapes.</summary>
    public Value SequenceInput(string inputName, ElementType type)
    {
        Claim(inputName);
        var value = new Value(type, Shape.Scalar, name: inputName, isSequence: true);
        _inputs.Add(value);
        _known.Add(value);
        return value;
    }

    /// <summary>(x - mean) / sqrt(variance + epsilon) over the last axis.</summary>
    public Value LayerNormalization(Value input, float epsilon)
    {
        var size = input.Shape[input.Shape.Rank - 1].Size;
        var ones = Expand(Constant(Tensor.Of(Shape.Of(1), [1f])), Shape.Of(size));
        return LayerNormalization(input, ones, epsilon);
    }

    /// <summary>Mean cross-entropy of the softmax of scores [N,K] against class indices [N].</summary>
    public Value SoftmaxCrossEntropyLoss(Value scores, Value labels) =>
        Append("SoftmaxCrossEntropyLoss", [scores, labels], Attributes.None.With("reduction", "mean")).Outputs[0];

    /// <summary>Adds a gradient to a buffer in place, or replaces it if <paramref name="overwrite"/>, [1], is true. Returns a flag, [1].</summary>
    public Value AccumulateInPlace(Value buffer, Value gradient, Value overwrite) => One("InPlaceAccumulatorV2", buffer, gradient, overwrite);

    /// <summary>A step of AdamW over sequences of parameters, gradients and both momenta, in place. Returns a flag.</summary>
    public Value AdamWStep(Value rate, Value step, (Value Parameters, Value Gradients, Value First, Value Second) state, Attributes attributes) =>
        Append("AdamWOptimizer", [rate, step, state.Parameters, state.Gradients, state.First, state.Second], attributes).Outputs[0];

    /// <summary>A step of SGD without momentum over sequences of parameters and gradients, in place. Returns a flag.</summary>
    public Value SgdStep(Value rate, Value parameters, Value gradients) => One("SGDOptimizerV2", rate, parameters, gradients);
}
