using BiT.Graphs;
using BiT.Tests.Unit.Graphs.Reference;

namespace BiT.Tests.Unit.Graphs.Cases;

/// <summary>Seeded data of the operator cases. Every real is exact in float32, so that the evaluator and ONNX Runtime start from equal
/// inputs.</summary>
internal static class Sample
{
    /// <summary>Reals of both signs with magnitude 0.25 to 1.5: away from the kinks and poles at 0.</summary>
    public static ReferenceTensor Real(int seed, params long[] sizes)
    {
        var random = new Random(seed);
        return Fill(ElementType.Float32, sizes, () => (float)((0.25 + 1.25 * random.NextDouble()) * (random.Next(2) * 2 - 1)));
    }

    /// <summary>Reals from 0.5 to 2.</summary>
    public static ReferenceTensor Positive(int seed, params long[] sizes)
    {
        var random = new Random(seed);
        return Fill(ElementType.Float32, sizes, () => (float)(0.5 + 1.5 * random.NextDouble()));
    }

    /// <summary>Shuffled multiples of 1/8, all different: every maximum is unique and stays so under a small step.</summary>
    public static ReferenceTensor Distinct(int seed, params long[] sizes)
    {
        var values = Enumerable.Range(0, (int)ReferenceTensor.CountOf(sizes)).Select(rank => (rank - 20) / 8.0).ToArray();
        new Random(seed).Shuffle(values);
        return new ReferenceTensor(ElementType.Float32, sizes, values);
    }

    /// <summary>Whole numbers from 0 to 2: full of ties.</summary>
    public static ReferenceTensor Ties(int seed, params long[] sizes)
    {
        var random = new Random(seed);
        return Fill(ElementType.Float32, sizes, () => random.Next(3));
    }

    /// <summary>A list of int64.</summary>
    public static ReferenceTensor Int64(params long[] values) => Int64([values.Length], values);

    public static ReferenceTensor Int64(long[] sizes, long[] values) =>
        new(ElementType.Int64, sizes, [.. values.Select(value => (double)value)]);

    public static ReferenceTensor Bool(params bool[] values) =>
        new(ElementType.Bool, [values.Length], [.. values.Select(value => value ? 1.0 : 0.0)]);

    private static ReferenceTensor Fill(ElementType type, long[] sizes, Func<double> next) =>
        ReferenceTensor.Compute(type, sizes, _ => next());
}
