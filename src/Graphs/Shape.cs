using System.Collections.Immutable;

namespace BiT.Graphs;

/// <summary>Dimensions of a tensor, outermost first. Immutable; compared by value.</summary>
public sealed class Shape : IEquatable<Shape>
{
    private readonly ImmutableArray<Dimension> _dimensions;

    public Shape(params IEnumerable<Dimension> dimensions) => _dimensions = [.. dimensions];

    /// <summary>The shape of a single element.</summary>
    public static Shape Scalar { get; } = new([]);

    public static Shape Of(params ReadOnlySpan<long> sizes)
    {
        var dimensions = new Dimension[sizes.Length];
        for (var axis = 0; axis < sizes.Length; axis++)
            dimensions[axis] = sizes[axis];
        return new Shape(dimensions);
    }

    public int Rank => _dimensions.Length;

    public bool IsStatic => _dimensions.All(dimension => dimension.IsStatic);

    public IReadOnlyList<Dimension> Dimensions => _dimensions;

    public Dimension this[int axis] => _dimensions[axis];

    /// <summary>Sizes of a static shape.</summary>
    /// <exception cref="GraphException">A dimension is symbolic.</exception>
    public long[] Sizes => [.. _dimensions.Select(dimension => dimension.Size)];

    /// <summary>Number of elements of a static shape.</summary>
    /// <exception cref="GraphException">A dimension is symbolic, or the number exceeds an int64.</exception>
    public long ElementCount
    {
        get
        {
            try
            {
                return _dimensions.Aggregate(1L, (count, dimension) => checked(count * dimension.Size));
            }
            catch (OverflowException problem)
            {
                throw new GraphException($"Shape {this} has more elements than an int64 can count.", problem);
            }
        }
    }

    /// <summary>Turns a possibly negative axis into an index.</summary>
    /// <exception cref="GraphException">The axis is outside the rank.</exception>
    public int Axis(long axis)
    {
        if (axis < -Rank || axis >= Rank)
            throw new GraphException($"Axis {axis} is outside of shape {this} (rank {Rank}).");
        return (int)(axis < 0 ? axis + Rank : axis);
    }

    /// <summary>The common shape of two operands under ONNX's multidirectional broadcasting.</summary>
    /// <exception cref="GraphException">The shapes do not broadcast.</exception>
    public static Shape Broadcast(Shape left, Shape right)
    {
        var rank = Math.Max(left.Rank, right.Rank);
        var result = new Dimension[rank];
        for (var fromEnd = 1; fromEnd <= rank; fromEnd++)
        {
            Dimension a = fromEnd <= left.Rank ? left[left.Rank - fromEnd] : 1;
            Dimension b = fromEnd <= right.Rank ? right[right.Rank - fromEnd] : 1;
            if (a != b && a != 1 && b != 1)
                throw new GraphException($"Shapes {left} and {right} do not broadcast: {a} against {b}.");
            result[rank - fromEnd] = a == 1 ? b : a;
        }
        return new Shape(result);
    }

    public bool Equals(Shape? other) => other is not null && _dimensions.SequenceEqual(other._dimensions);

    public override bool Equals(object? obj) => Equals(obj as Shape);

    public override int GetHashCode() => _dimensions.Aggregate(17, HashCode.Combine);

    public override string ToString() => $"[{string.Join(",", _dimensions)}]";
}
