namespace BiT.Training.Randomness;

/// <summary>What a random sequence is for; sequences of different streams are independent.</summary>
public enum RandomStream
{
    Weights = 1,
    Order = 2,
    Augmentation = 3,
    Mixup = 4,
    MixupPermutation = 5,
}

/// <summary>A random sequence that is a pure function of (seed, stream, position): a resumed run continues it without stored state.</summary>
/// <remarks>splitmix64 (Steele, Lea, Flood 2014) over a state mixed from the key.</remarks>
public struct CounterRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong _state;

    public CounterRandom(long seed, RandomStream stream, long major, long minor = 0)
    {
        _state = Mix((ulong)seed + Golden);
        _state = Mix(_state ^ ((ulong)stream * Golden));
        _state = Mix(_state ^ ((ulong)major + Golden));
        _state = Mix(_state ^ ((ulong)minor + Golden));
    }

    public ulong NextUInt64()
    {
        _state += Golden;
        return Mix(_state);
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0 .. bound-1, without bias beyond 2^-32.</summary>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Math.BigMul(NextUInt64(), (ulong)bound, out _);
    }

    /// <summary>A uniformly random order of 0 .. count-1 (Fisher-Yates).</summary>
    public int[] NextPermutation(int count)
    {
        var order = new int[count];
        for (var index = 0; index < count; index++)
        {
            var other = NextInt32(index + 1);
            order[index] = order[other];
            order[other] = index;
        }
        return order;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
