using BiT.Training.Networks;

namespace BiT.Training.Weights;

/// <summary>Weight standardisation on arrays, for folding into inference graphs.</summary>
internal static class Standardization
{
    /// <summary>(w - mean) / sqrt(variance + epsilon) per output filter, in double precision.</summary>
    /// <param name="kernel">[O, ...] row-major.</param>
    /// <param name="filters">O.</param>
    public static float[] Apply(float[] kernel, int filters)
    {
        var length = kernel.Length / filters;
        var result = new float[kernel.Length];
        for (var filter = 0; filter < filters; filter++)
        {
            var source = kernel.AsSpan(filter * length, length);
            var mean = 0.0;
            foreach (var weight in source)
                mean += weight;
            mean /= length;
            var variance = 0.0;
            foreach (var weight in source)
                variance += (weight - mean) * (weight - mean);
            var factor = 1 / Math.Sqrt(variance / length + Normalization.StandardizationEpsilon);
            for (var index = 0; index < length; index++)
                result[filter * length + index] = (float)((source[index] - mean) * factor);
        }
        return result;
    }
}
