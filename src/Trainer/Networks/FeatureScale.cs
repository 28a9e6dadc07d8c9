using System.Numerics.Tensors;
using BiT.Training.Weights;

namespace BiT.Training.Networks;

/// <summary>Mean and spread of each feature over the training photos. A head is trained on standardised features, (x - m) / s, and then folded, so that it
/// gives the same logits for the features as they are.</summary>
/// <remarks>Features differ in size by a factor of twenty, and the largest ones alone would decide what a head learns in a few hundred steps.</remarks>
/// <param name="means">m, [F].</param>
/// <param name="deviations">s, [F], over 0.</param>
internal sealed class FeatureScale(float[] means, float[] deviations)
{
    /// <summary>Most that the squared length of a standardised vector is on average, in wider networks too, for the same rates are to do for them: softmax
    /// regression curves at most half as much, which at HyperRule's rate of 0.003 is 3.1, and full-batch descent with momentum 0.9 is stable below
    /// 2 (1 + 0.9).</summary>
    public const int MostEnergy = 2048;

    // Of the features' size: what is below it is rounding.
    private const double Alike = 1e-6;

    private readonly float[] _inverse = [.. deviations.Select(deviation => 1 / deviation)];

    public ReadOnlySpan<float> Means => means;

    public ReadOnlySpan<float> Deviations => deviations;

    /// <summary>The scale of records of float32 features.</summary>
    /// <param name="count">Records, at least 1.</param>
    /// <param name="featureCount">F.</param>
    /// <param name="floor">Part of the features' common deviation that is added to each one's own, over 0: a feature that hardly ever differs from its mean is
    /// not blown up.</param>
    /// <param name="read">Reads a record, [F].</param>
    /// <exception cref="WeightsException">A feature is not finite.</exception>
    public static FeatureScale Of(int count, int featureCount, double floor, Action<int, float[]> read)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(floor);
        var (means, squares, record) = (new double[featureCount], new double[featureCount], new float[featureCount]);
        // Welford's running mean and sum of squared distances from it: one pass, exact where means are large.
        for (var index = 0; index < count; index++)
        {
            read(index, record);
            if (!TensorPrimitives.IsFiniteAll<float>(record))
                throw new WeightsException($"The backbone's features of training photo {index} are not finite; expected numbers. Its weights are damaged, or too large for float32: use another base.");
            for (var feature = 0; feature < featureCount; feature++)
            {
                var distance = record[feature] - means[feature];
                means[feature] += distance / (index + 1);
                squares[feature] += distance * (record[feature] - means[feature]);
            }
        }
        var common = Math.Sqrt(squares.Sum() / count / featureCount);
        // Photos that are all alike, or a single one, have no spread to scale by.
        if (common <= Alike * Math.Sqrt(means.Sum(mean => mean * mean) / featureCount))
            return new FeatureScale(new float[featureCount], [.. Enumerable.Repeat(1f, featureCount)]);
        var widening = Math.Sqrt(Math.Max(1, (double)featureCount / MostEnergy));
        return new FeatureScale(
            [.. means.Select(mean => (float)mean)],
            [.. squares.Select(sum => (float)(widening * (Math.Sqrt(sum / count) + floor * common)))]);
    }

    /// <summary>Standardises a vector of features, [F], in place.</summary>
    public void Apply(Span<float> features)
    {
        TensorPrimitives.Subtract(features, means, features);
        TensorPrimitives.Multiply(features, _inverse, features);
    }

    /// <summary>The head of the features as they are, of one of standardised features.</summary>
    /// <param name="kernel">[K,F].</param>
    /// <param name="bias">[K].</param>
    public (float[] Kernel, float[] Bias) Fold(ReadOnlySpan<float> kernel, ReadOnlySpan<float> bias)
    {
        var (folded, foldedBias) = (kernel.ToArray(), bias.ToArray());
        for (var k = 0; k < bias.Length; k++)
        {
            var row = Row(folded, k);
            TensorPrimitives.Multiply(row, _inverse, row);
            foldedBias[k] = (float)(bias[k] - AtMeans(row));
        }
        return (folded, foldedBias);
    }

    /// <summary>The opposite of <see cref="Fold"/>: the head of standardised features, of one of the features as they are.</summary>
    /// <param name="kernel">[K,F].</param>
    /// <param name="bias">[K].</param>
    public (float[] Kernel, float[] Bias) Unfold(ReadOnlySpan<float> kernel, ReadOnlySpan<float> bias)
    {
        var (unfolded, unfoldedBias) = (kernel.ToArray(), bias.ToArray());
        for (var k = 0; k < bias.Length; k++)
        {
            var row = Row(unfolded, k);
            unfoldedBias[k] = (float)(bias[k] + AtMeans(row));
            TensorPrimitives.Multiply(row, deviations, row);
        }
        return (unfolded, unfoldedBias);
    }

    private Span<float> Row(float[] kernel, int k) => kernel.AsSpan(k * means.Length, means.Length);

    private double AtMeans(ReadOnlySpan<float> row)
    {
        var sum = 0.0;
        for (var feature = 0; feature < row.Length; feature++)
            sum += (double)row[feature] * means[feature];
        return sum;
    }
}
