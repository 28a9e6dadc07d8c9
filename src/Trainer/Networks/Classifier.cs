using BiT.Graphs;

namespace BiT.Training.Networks;

/// <summary>Head and loss.</summary>
internal static class Classifier
{
    /// <summary>logits = features * kernel^T + bias.</summary>
    /// <param name="b">The program.</param>
    /// <param name="features">[N,F].</param>
    /// <param name="kernel">[K,F,1,1].</param>
    /// <param name="bias">[K].</param>
    /// <returns>[N,K].</returns>
    public static Value Logits(GraphBuilder b, Value features, Value kernel, Value bias)
    {
        var matrix = b.Transpose(b.Reshape(kernel, new Shape(kernel.Shape[0], kernel.Shape[1])), 1, 0);
        return b.Add(b.MatMul(features, matrix), bias);
    }

    /// <summary>Mean softmax cross-entropy against a distribution over the classes per image.</summary>
    /// <param name="b">The program.</param>
    /// <param name="logits">[N,K].</param>
    /// <param name="targets">[N,K], rows sum to 1.</param>
    /// <returns>A scalar.</returns>
    public static Value CrossEntropy(GraphBuilder b, Value logits, Value targets)
    {
        var perImage = b.ReduceSum(b.Mul(targets, b.LogSoftmax(logits, 1)), keepDimensions: false, 1);
        return b.Neg(b.ReduceMean(perImage, keepDimensions: false, 0));
    }

    /// <summary>MixUp: lambda * x + (1 - lambda) * x[permutation]. The identity for lambda 1.</summary>
    /// <remarks>Source: BiT, bit_pytorch/train.py mixup_data. The loss is linear in the targets, so mixing one-hot targets is mixing the two
    /// losses.</remarks>
    public static Value Mix(GraphBuilder b, Value x, Value permutation, Value lambda)
    {
        var own = b.Reshape(lambda, new Shape(Enumerable.Repeat((Dimension)1, x.Shape.Rank)));
        var partner = b.Sub(b.ScalarFor(own, 1), own);
        return b.Add(b.Mul(x, own), b.Mul(b.Gather(x, permutation, 0), partner));
    }
}
