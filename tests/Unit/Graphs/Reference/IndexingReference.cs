using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>Operators whose places are data. Negative indices count from the end.</summary>
internal static class IndexingReference
{
    public static ReferenceTensor[] Gather(Node node, ReferenceTensor[] inputs)
    {
        var (data, indices) = (inputs[0], inputs[1]);
        var axis = MovementReference.AxisOf(node.Attributes.Integer("axis", 0), data.Rank);
        long[] sizes = [.. data.Sizes[..axis], .. indices.Sizes, .. data.Sizes[(axis + 1)..]];
        return [ReferenceTensor.Compute(data.Type, sizes, index =>
        {
            var chosen = Place(indices.At(index.AsSpan(axis, indices.Rank)), data.Sizes[axis]);
            return data.At([.. index[..axis], chosen, .. index[(axis + indices.Rank)..]]);
        })];
    }

    // reduction = add: repeated indices add up.
    public static ReferenceTensor[] ScatterElements(Node node, ReferenceTensor[] inputs)
    {
        var (data, indices, updates) = (inputs[0], inputs[1], inputs[2]);
        var axis = MovementReference.AxisOf(node.Attributes.Integer("axis", 0), data.Rank);
        var result = new ReferenceTensor(data.Type, data.Sizes, [.. data.Values]);
        foreach (var index in ReferenceTensor.Indices(indices.Sizes))
        {
            var target = (long[])index.Clone();
            target[axis] = Place(indices.At(index), data.Sizes[axis]);
            result.Values[result.Offset(target)] += updates.At(index);
        }
        return [result];
    }

    private static long Place(double index, long size) => index < 0 ? (long)index + size : (long)index;
}
