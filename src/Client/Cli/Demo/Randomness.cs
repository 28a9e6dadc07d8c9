namespace BiT.CommandLine.Demo;

/// <summary>A small random generator whose numbers are the same on every machine and every .NET version.</summary>
/// <remarks>SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.</remarks>
internal sealed class Randomness(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A generator for one picture, independent of those of all others.</summary>
    public static Randomness For(ulong seed, int flower, int picture)
    {
        // Mixed one after the other: combining them first would give two seeds the same pictures under other numbers.
        var state = new Randomness(seed).Next();
        state = new Randomness(state + (ulong)flower).Next();
        return new Randomness(new Randomness(state + (ulong)picture).Next());
    }

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public float Unit() => (Next() >> 40) * (1f / (1 << 24));

    /// <summary>Uniform in [from, to).</summary>
    public float Between(float from, float to) => from + (to - from) * Unit();

    /// <summary>Uniform in [from, to], whole numbers.</summary>
    public int Whole(int from, int to) => from + (int)(Next() % (ulong)(to - from + 1));

    public bool Chance(float probability) => Unit() < probability;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[Whole(0, choices.Count - 1)];

    /// <summary>Shuffles in place and returns the same array.</summary>
    public T[] Shuffle<T>(T[] items)
    {
        for (var last = items.Length - 1; last > 0; last--)
        {
            var other = Whole(0, last);
            (items[last], items[other]) = (items[other], items[last]);
        }
        return items;
    }
}
