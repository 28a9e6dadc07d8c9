using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>Reductions over axes, and the softmax, which reduces one.</summary>
internal static class ReductionReference
{
    public static ReferenceTensor[] ReduceSum(Node node, ReferenceTensor[] inputs) => [Reduce(node, inputs, mean: false)];

    public static ReferenceTensor[] ReduceMean(Node node, ReferenceTensor[] inputs) => [Reduce(node, inputs, mean: true)];

    public static ReferenceTensor[] LogSoftmax(Node node, ReferenceTensor[] inputs)
    {
        var input = inputs[0];
        var axis = MovementReference.AxisOf(node.Attributes.Integer("axis", -1), input.Rank);
        return [ReferenceTensor.Compute(input.Type, input.Sizes, index =>
        {
            var at = (long[])index.Clone();
            var line = new double[input.Sizes[axis]];
            for (at[axis] = 0; at[axis] < line.Length; at[axis]++)
                line[at[axis]] = input.At(at);
            var largest = line.Max();
            return input.At(index) - largest - Math.Log(line.Sum(value => Math.Exp(value - largest)));
        })];
    }

    private static ReferenceTensor Reduce(Node node, ReferenceTensor[] inputs, bool mean)
    {
        var input = inputs[0];
        var reduced = inputs[1].ToInt64s().Select(axis => MovementReference.AxisOf(axis, input.Rank)).ToHashSet();
        var kept = new ReferenceTensor(input.Type, [.. input.Sizes.Select((size, axis) => reduced.Contains(axis) ? 1 : size)],
            new double[ReferenceTensor.CountOf([.. input.Sizes.Where((_, axis) => !reduced.Contains(axis))])]);
        var count = reduced.Aggregate(1L, (product, axis) => product * input.Sizes[axis]);
        foreach (var index in ReferenceTensor.Indices(input.Sizes))
        {
            var target = index.Select((at, axis) => reduced.Contains(axis) ? 0 : at).ToArray();
            kept.Values[kept.Offset(target)] += input.At(index) / (mean ? count : 1);
        }
        return node.Attributes.Integer("keepdims", 1) != 0
            ? kept
            : new ReferenceTensor(input.Type, [.. input.Sizes.Where((_, axis) => !reduced.Contains(axis))], kept.Values);
    }
}
