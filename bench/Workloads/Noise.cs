using BiT.Training.Randomness;

namespace BiT.Bench.Workloads;

/// <summary>Values to compute with: what they are does not matter, but they are neither 0 nor denormal.</summary>
internal static class Noise
{
    /// <summary>Uniform in [-1,1).</summary>
    public static void Fill(Span<float> values, long seed)
    {
        var random = new CounterRandom(seed, RandomStream.Weights, 0);
        for (var index = 0; index < values.Length; index++)
            values[index] = (float)(random.NextDouble() * 2 - 1);
    }

    public static byte[] Bytes(int count, long seed)
    {
        var random = new CounterRandom(seed, RandomStream.Weights, 0);
        var bytes = new byte[count];
        for (var index = 0; index < count; index++)
            bytes[index] = (byte)random.NextInt32(256);
        return bytes;
    }
}
