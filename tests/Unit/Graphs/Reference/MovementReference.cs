using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>Operators that copy elements to other places.</summary>
internal static class MovementReference
{
    public static int AxisOf(long axis, int rank) => (int)(axis < 0 ? axis + rank : axis);

    public static ReferenceTensor[] Reshape(Node node, ReferenceTensor[] inputs)
    {
        var sizes = inputs[1].ToInt64s();
        for (var axis = 0; axis < sizes.Length; axis++)
        {
            if (sizes[axis] == 0)
                sizes[axis] = inputs[0].Sizes[axis];
        }
        var inferred = Array.IndexOf(sizes, -1);
        if (inferred >= 0)
            sizes[inferred] = inputs[0].Values.Length / sizes.Where(size => size != -1).Aggregate(1L, (count, size) => count * size);
        return [new ReferenceTensor(inputs[0].Type, sizes, inputs[0].Values)];
    }

    public static ReferenceTensor[] Transpose(Node node, ReferenceTensor[] inputs)
    {
        var permutation = node.Attributes.Integers("perm");
        var source = new long[permutation.Length];
        return [ReferenceTensor.Compute(inputs[0].Type, [.. permutation.Select(axis => inputs[0].Sizes[axis])], index =>
        {
            for (var axis = 0; axis < source.Length; axis++)
                source[permutation[axis]] = index[axis];
            return inputs[0].At(source);
        })];
    }

    // As numpy: bounds below zero count from the end, then bounds are clamped, then elements are taken one by one.
    public static ReferenceTensor[] Slice(Node node, ReferenceTensor[] inputs)
    {
        var data = inputs[0];
        var (starts, ends, axes, steps) = (inputs[1].ToInt64s(), inputs[2].ToInt64s(), inputs[3].ToInt64s(), inputs[4].ToInt64s());
        var picked = data.Sizes.Select(size => Enumerable.Range(0, (int)size).Select(at => (long)at).ToArray()).ToArray();
        for (var range = 0; range < axes.Length; range++)
        {
            var axis = AxisOf(axes[range], data.Rank);
            var size = data.Sizes[axis];
            var start = starts[range] < 0 ? starts[range] + size : starts[range];
            var end = ends[range] < 0 ? ends[range] + size : ends[range];
            var chosen = new List<long>();
            if (steps[range] > 0)
            {
                for (var at = Math.Max(start, 0); at < Math.Min(end, size); at += steps[range])
                    chosen.Add(at);
            }
            else
            {
                for (var at = Math.Min(start, size - 1); at > Math.Max(end, -1); at += steps[range])
                    chosen.Add(at);
            }
            picked[axis] = [.. chosen];
        }
        return [ReferenceTensor.Compute(data.Type, [.. picked.Select(places => (long)places.Length)],
            index => data.At([.. index.Select((at, axis) => picked[axis][at])]))];
    }

    public static ReferenceTensor[] Concat(Node node, ReferenceTensor[] inputs)
    {
        var axis = AxisOf(node.Attributes.Integer("axis", 0), inputs[0].Rank);
        var sizes = (long[])inputs[0].Sizes.Clone();
        sizes[axis] = inputs.Sum(input => input.Sizes[axis]);
        return [ReferenceTensor.Compute(inputs[0].Type, sizes, index =>
        {
            var at = (long[])index.Clone();
            foreach (var input in inputs)
            {
                if (at[axis] < input.Sizes[axis])
                    return input.At(at);
                at[axis] -= input.Sizes[axis];
            }
            throw new InvalidOperationException("The inputs of Concat are shorter than its output.");
        })];
    }

    public static ReferenceTensor[] Expand(Node node, ReferenceTensor[] inputs)
    {
        var target = inputs[1].ToInt64s();
        var ofTarget = ReferenceTensor.Compute(inputs[0].Type, target, _ => 0);
        var sizes = ElementwiseReference.CommonSizes(inputs[0], ofTarget);
        return [ReferenceTensor.Compute(inputs[0].Type, sizes, index => inputs[0].Broadcast(index))];
    }

    public static ReferenceTensor[] Pad(Node node, ReferenceTensor[] inputs)
    {
        var (data, pads) = (inputs[0], inputs[1].ToInt64s());
        var filler = inputs.Length > 2 ? inputs[2].Values[0] : 0;
        long[] sizes = [.. data.Sizes.Select((size, axis) => pads[axis] + size + pads[axis + data.Rank])];
        return [ReferenceTensor.Compute(data.Type, sizes, index =>
        {
            long[] source = [.. index.Select((at, axis) => at - pads[axis])];
            return source.Zip(data.Sizes).All(pair => pair.First >= 0 && pair.First < pair.Second) ? data.At(source) : filler;
        })];
    }
}
