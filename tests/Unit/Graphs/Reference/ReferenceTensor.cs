using System.Runtime.InteropServices;
using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>A tensor of the reference evaluator: static sizes and row-major elements.</summary>
/// <remarks>All element types are held as doubles, so that one set of functions serves them: integers of these tests are exact in a double
/// (a slice's long.MinValue included), booleans are 0 and 1, and all floating-point types compute in double precision.</remarks>
internal sealed class ReferenceTensor
{
    public ReferenceTensor(ElementType type, long[] sizes, double[] values)
    {
        if (values.Length != CountOf(sizes))
            throw new ArgumentException($"[{string.Join(",", sizes)}] has {CountOf(sizes)} elements; got {values.Length}.", nameof(values));
        Type = type;
        Sizes = sizes;
        Values = values;
    }

    public ElementType Type { get; }

    public long[] Sizes { get; }

    public double[] Values { get; }

    public int Rank => Sizes.Length;

    public static ReferenceTensor Of(Tensor tensor) => new(tensor.Type, tensor.Shape.Sizes, tensor.Type switch
    {
        ElementType.Float32 => [.. tensor.AsFloats().ToArray().Select(value => (double)value)],
        ElementType.Int64 => [.. tensor.AsInt64s().ToArray().Select(value => (double)value)],
        ElementType.Float64 => MemoryMarshal.Cast<byte, double>(tensor.Bytes.Span).ToArray(),
        ElementType.UInt8 or ElementType.Bool => [.. tensor.Bytes.ToArray().Select(value => (double)value)],
        _ => throw new ArgumentException($"Constants of type {tensor.Type} are not evaluated."),
    });

    /// <summary>Fills a tensor from a function of the index vector, which is reused between calls.</summary>
    public static ReferenceTensor Compute(ElementType type, long[] sizes, Func<long[], double> element)
    {
        var values = new double[CountOf(sizes)];
        var next = 0;
        foreach (var index in Indices(sizes))
            values[next++] = element(index);
        return new ReferenceTensor(type, sizes, values);
    }

    /// <summary>All index vectors of a shape in row-major order; one array, overwritten between elements.</summary>
    public static IEnumerable<long[]> Indices(long[] sizes)
    {
        var count = CountOf(sizes);
        var index = new long[sizes.Length];
        for (var element = 0L; element < count; element++)
        {
            yield return index;
            for (var axis = sizes.Length - 1; axis >= 0 && ++index[axis] == sizes[axis]; axis--)
                index[axis] = 0;
        }
    }

    public static long CountOf(long[] sizes) => sizes.Aggregate(1L, (count, size) => count * size);

    public long Offset(ReadOnlySpan<long> index)
    {
        var offset = 0L;
        for (var axis = 0; axis < Rank; axis++)
            offset = offset * Sizes[axis] + index[axis];
        return offset;
    }

    public double At(params ReadOnlySpan<long> index) => Values[Offset(index)];

    /// <summary>The element that broadcasting shows at an index of a shape of the same or a higher rank.</summary>
    public double Broadcast(ReadOnlySpan<long> index)
    {
        var added = index.Length - Rank;
        var offset = 0L;
        for (var axis = 0; axis < Rank; axis++)
            offset = offset * Sizes[axis] + (Sizes[axis] == 1 ? 0 : index[axis + added]);
        return Values[offset];
    }

    /// <summary>Elements as integers: axes, shapes, pads.</summary>
    public long[] ToInt64s() => [.. Values.Select(value => (long)value)];
}
