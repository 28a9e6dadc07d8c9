using BiT.Training.Randomness;

namespace BiT.Training.Datasets;

/// <summary>The random choices of MixUp.</summary>
/// <remarks>Source: BiT, bit_pytorch/train.py: one lambda per optimiser step, shared by its micro-batches; partners within a micro-batch.</remarks>
internal sealed class Mixup(long seed, double alpha)
{
    /// <summary>lambda of an optimiser step, from Beta(alpha, alpha); 1 if MixUp is off.</summary>
    public float Lambda(long step)
    {
        if (alpha <= 0)
            return 1;
        var random = new CounterRandom(seed, RandomStream.Mixup, step);
        var (x, y) = (LogGamma(ref random), LogGamma(ref random));
        // Logarithms, because for small alpha both gammas may be too small for a double.
        return (float)(1 / (1 + Math.Exp(y - x)));
    }

    /// <summary>Partners of a micro-batch; everyone its own if MixUp is off.</summary>
    public long[] Permutation(long step, int microBatch, int size)
    {
        var partners = alpha > 0
            ? new CounterRandom(seed, RandomStream.MixupPermutation, step, microBatch).NextPermutation(size)
            : [.. Enumerable.Range(0, size)];
        return [.. partners.Select(partner => (long)partner)];
    }

    // Logarithm of a Gamma(alpha, 1) variate: Marsaglia and Tsang 2000, for alpha + 1, times U^(1/alpha).
    private double LogGamma(ref CounterRandom random)
    {
        var d = alpha + 1 - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var normal = Normal(ref random);
            var v = Math.Pow(1 + c * normal, 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < 0.5 * normal * normal + d - d * v + d * Math.Log(v))
                return Math.Log(d * v) + Math.Log(1 - random.NextDouble()) / alpha;
        }
    }

    // Box-Muller.
    private static double Normal(ref CounterRandom random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
