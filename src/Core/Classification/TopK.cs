namespace BiT.Core.Classification;

/// <summary>A class and its probability.</summary>
/// <param name="ClassIndex">Index of the class, from 0.</param>
/// <param name="Probability">0 to 1.</param>
public readonly record struct ScoredClass(int ClassIndex, float Probability);

/// <summary>Picks the most probable classes.</summary>
public static class TopK
{
    // Least wanted first: the smallest probability, and of equals the larger index.
    private static readonly Comparer<ScoredClass> LeastWantedFirst = Comparer<ScoredClass>.Create((left, right) =>
        left.Probability != right.Probability
            ? left.Probability.CompareTo(right.Probability)
            : right.ClassIndex.CompareTo(left.ClassIndex));

    /// <summary>The k classes of highest probability, best first; of equals the lower index first.</summary>
    /// <param name="probabilities">float32 [classes].</param>
    /// <param name="k">How many, at least 1; all classes if there are fewer.</param>
    /// <exception cref="ArgumentException">A probability is not a number: the model's output is broken, and no order would be
    /// right.</exception>
    public static IReadOnlyList<ScoredClass> Select(ReadOnlySpan<float> probabilities, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        var kept = new PriorityQueue<ScoredClass, ScoredClass>(LeastWantedFirst);
        for (var i = 0; i < probabilities.Length; i++)
        {
            var candidate = new ScoredClass(i, probabilities[i]);
            if (float.IsNaN(candidate.Probability))
            {
                throw new ArgumentException(
                    $"Expected probabilities, got NaN for class {i} of {probabilities.Length}.", nameof(probabilities));
            }
            // Classes come by rising index, so an equal probability never displaces an earlier one.
            if (kept.Count < k)
                kept.Enqueue(candidate, candidate);
            else if (candidate.Probability > kept.Peek().Probability)
                kept.DequeueEnqueue(candidate, candidate);
        }
        var best = new ScoredClass[kept.Count];
        for (var i = best.Length - 1; i >= 0; i--)
            best[i] = kept.Dequeue();
        return best;
    }
}
