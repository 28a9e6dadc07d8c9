using BiT.Graphs;

namespace BiT.Training.Networks;

/// <summary>What a training graph is told about the classes of its micro-batch, and the loss against it.</summary>
/// <param name="Labels">Class indices, int64 [B].</param>
/// <param name="Mixing">MixUp's partners, int64 [B], and weight of the image itself, [1]; null where nothing is mixed.</param>
internal sealed record TargetLabels(Value Labels, (Value Permutation, Value Lambda)? Mixing)
{
    /// <summary>Declares the inputs.</summary>
    public static TargetLabels Inputs(GraphBuilder b, TrainingGraphSizes sizes)
    {
        var labels = b.Input("labels", ElementType.Int64, Shape.Of(sizes.BatchSize));
        return new TargetLabels(labels, sizes.OrtTraining is { Mixes: false }
            ? null
            : (b.Input("permutation", ElementType.Int64, Shape.Of(sizes.BatchSize)), b.Input("lambda", ElementType.Float32, Shape.Of(1))));
    }

    /// <summary>The images or features as the network is to see them.</summary>
    public Value Mix(GraphBuilder b, Value x) => Mixing is var (permutation, lambda) ? Classifier.Mix(b, x, permutation, lambda) : x;

    /// <summary>The micro-batch's mean loss, a scalar.</summary>
    public Value Loss(GraphBuilder b, Value logits, int classCount)
    {
        if (!b.UsesTrainingGradients)
            return Classifier.CrossEntropy(b, logits, Mix(b, b.OneHot(Labels, classCount)));
        var own = b.SoftmaxCrossEntropyLoss(logits, Labels);
        if (Mixing is not var (permutation, lambda))
            return own;
        var weight = b.Reshape(lambda, Shape.Scalar);
        var partners = b.SoftmaxCrossEntropyLoss(logits, b.Gather(Labels, permutation, 0));
        return b.Add(b.Mul(own, weight), b.Mul(partners, b.Sub(b.Scalar(1), weight)));
    }
}
