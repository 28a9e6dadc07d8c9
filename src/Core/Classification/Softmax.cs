using System.Numerics.Tensors;

namespace BiT.Core.Classification;

/// <summary>Turns logits into probabilities.</summary>
public static class Softmax
{
    /// <summary>exp(logit - max) / sum of those.</summary>
    /// <param name="logits">float32 [classes], at least one.</param>
    /// <param name="destination">Receives as many probabilities, 0 to 1, which sum to 1; may be <paramref name="logits"/> itself.</param>
    /// <remarks>The largest logit is subtracted, so nothing overflows. A NaN or positive infinity among the logits makes the probabilities
    /// NaN. The sum runs in order and in double: vectorised sums depend on the alignment of the memory, and the same logits must give the
    /// same bits wherever they lie in a batch.</remarks>
    public static void Probabilities(ReadOnlySpan<float> logits, Span<float> destination)
    {
        if (logits.IsEmpty)
            throw new ArgumentException("Expected at least one logit.", nameof(logits));
        if (destination.Length != logits.Length)
            throw new ArgumentException($"Expected {logits.Length} elements, got {destination.Length}.", nameof(destination));
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max(logits), destination);
        TensorPrimitives.Exp<float>(destination, destination);
        var sum = 0.0;
        foreach (var value in destination)
            sum += value;
        TensorPrimitives.Divide(destination, (float)sum, destination);
    }
}
