using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using BiT.Core.Weights;

namespace BiT.Core.Classification;

/// <summary>The last layer of a head-only model: logits = pre-logits x kernel + bias.</summary>
/// <remarks>An image's logits are the same bits alone, in any batch and at any address: the order of each sum is fixed by the feature count
/// alone. (Library dot products choose it by the alignment of the memory.) Safe for several threads.</remarks>
public sealed class LinearHead
{
    /// <summary>Names of the arrays in a head's npz, those of the official weights.</summary>
    public const string KernelName = "resnet/head/conv2d/kernel";

    /// <summary>See <see cref="KernelName"/>.</summary>
    public const string BiasName = "resnet/head/conv2d/bias";

    // [K, F]: one class's weights lie together.
    private readonly float[] _weights;
    private readonly float[] _bias;

    /// <param name="kernel">float32 [F, K] row-major; copied.</param>
    /// <param name="bias">float32 [K]; copied.</param>
    /// <param name="featureCount">F, at least 1.</param>
    public LinearHead(float[] kernel, float[] bias, int featureCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(featureCount);
        if (bias.Length == 0 || kernel.Length != (long)featureCount * bias.Length)
        {
            throw new ArgumentException(
                $"Expected a kernel of {featureCount} features x {bias.Length} classes, at least one class, got {kernel.Length} values.",
                nameof(kernel));
        }
        FeatureCount = featureCount;
        _bias = [.. bias];
        _weights = new float[kernel.Length];
        for (var f = 0; f < featureCount; f++)
        {
            for (var k = 0; k < bias.Length; k++)
                _weights[(k * featureCount) + f] = kernel[(f * bias.Length) + k];
        }
    }

    /// <summary>Length of a pre-logits vector, F.</summary>
    public int FeatureCount { get; }

    /// <summary>Length of a logits vector, K.</summary>
    public int ClassCount => _bias.Length;

    /// <summary>Reads a head: arrays <see cref="KernelName"/> (1, 1, F, K) and <see cref="BiasName"/> (K).</summary>
    /// <exception cref="InvalidDataException">The file is no npz, or holds no such arrays.</exception>
    public static LinearHead Load(string npzPath)
    {
        var arrays = NpzFile.Read(npzPath);
        if (!arrays.TryGetValue(KernelName, out var kernel) || !arrays.TryGetValue(BiasName, out var bias))
        {
            throw new InvalidDataException($"{npzPath} is not a head: expected arrays {KernelName} and {BiasName}, "
                + $"found {(arrays.Count == 0 ? "none" : string.Join(", ", arrays.Keys.Take(10)))}.");
        }
        if (kernel.Shape is not [1, 1, > 0, > 0] || bias.Shape is not [_] || bias.Shape[0] != kernel.Shape[3])
        {
            throw new InvalidDataException($"{npzPath}: expected {KernelName} (1, 1, F, K) and {BiasName} (K), "
                + $"got ({string.Join(", ", kernel.Shape)}) and ({string.Join(", ", bias.Shape)}).");
        }
        return new LinearHead(kernel.Values, bias.Values, kernel.Shape[2]);
    }

    /// <summary>Computes the logits of one or more images.</summary>
    /// <param name="preLogits">float32 [N, FeatureCount] row-major.</param>
    /// <param name="logits">Receives float32 [N, ClassCount].</param>
    public void Apply(ReadOnlySpan<float> preLogits, Span<float> logits)
    {
        var count = preLogits.Length / FeatureCount;
        if (preLogits.Length != count * FeatureCount || logits.Length != (long)count * ClassCount)
        {
            throw new ArgumentException($"Expected pre-logits N x {FeatureCount} and logits N x {ClassCount}, "
                + $"got {preLogits.Length} and {logits.Length} values.", nameof(preLogits));
        }
        // Classes outside, images inside: a class's weights are fetched from memory once per batch.
        for (var k = 0; k < ClassCount; k++)
        {
            var weights = _weights.AsSpan(k * FeatureCount, FeatureCount);
            for (var n = 0; n < count; n++)
                logits[(n * ClassCount) + k] = Dot(weights, preLogits.Slice(n * FeatureCount, FeatureCount)) + _bias[k];
        }
    }

    private static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        ref var x = ref MemoryMarshal.GetReference(left);
        ref var y = ref MemoryMarshal.GetReference(right);
        Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        var width = (nuint)Vector256<float>.Count;
        nuint i = 0;
        for (; i + (4 * width) <= (nuint)left.Length; i += 4 * width)
        {
            sum0 += Vector256.LoadUnsafe(ref x, i) * Vector256.LoadUnsafe(ref y, i);
            sum1 += Vector256.LoadUnsafe(ref x, i + width) * Vector256.LoadUnsafe(ref y, i + width);
            sum2 += Vector256.LoadUnsafe(ref x, i + (2 * width)) * Vector256.LoadUnsafe(ref y, i + (2 * width));
            sum3 += Vector256.LoadUnsafe(ref x, i + (3 * width)) * Vector256.LoadUnsafe(ref y, i + (3 * width));
        }
        // Spelt out, because the order of Vector256.Sum is the runtime's choice.
        var eight = (sum0 + sum1) + (sum2 + sum3);
        var four = eight.GetLower() + eight.GetUpper();
        var sum = (four[0] + four[2]) + (four[1] + four[3]);
        for (var rest = (int)i; rest < left.Length; rest++)
            sum += left[rest] * right[rest];
        return sum;
    }
}
