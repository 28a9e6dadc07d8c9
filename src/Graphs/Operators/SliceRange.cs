namespace BiT.Graphs.Operators;

/// <summary>One sliced axis, resolved against the shape: <c>Start, Start + Step, ...</c>, <c>Count</c> elements.</summary>
internal readonly record struct SliceRange(int Axis, long Start, long Step, long Count)
{
    /// <summary>Resolves the constant inputs of a Slice node with the specification's rules for negative and out-of-range bounds.</summary>
    public static IReadOnlyList<SliceRange> Parse(Shape shape, long[] starts, long[] ends, long[] axes, long[] steps)
    {
        if (starts.Length != ends.Length || starts.Length != axes.Length || starts.Length != steps.Length)
            throw new GraphException($"Slice takes as many starts, ends, axes and steps; got {starts.Length}, {ends.Length}, {axes.Length}, {steps.Length}.");
        var ranges = new List<SliceRange>();
        for (var index = 0; index < starts.Length; index++)
        {
            var axis = shape.Axis(axes[index]);
            if (ranges.Exists(range => range.Axis == axis))
                throw new GraphException($"Slice takes each axis once; axis {axes[index]} of shape {shape} comes again.");
            var size = shape[axis].Size;
            var step = steps[index];
            if (step == 0)
                throw new GraphException("Slice takes steps other than 0.");
            var start = starts[index] < 0 ? starts[index] + size : starts[index];
            var end = ends[index] < 0 && ends[index] > long.MinValue / 2 ? ends[index] + size : ends[index];
            start = step > 0 ? Math.Clamp(start, 0, size) : Math.Min(Math.Max(start, 0), size - 1);
            end = step > 0 ? Math.Clamp(end, 0, size) : Math.Clamp(end, -1, size - 1);
            // Written without step in a sum: a step may be as large as int64 allows.
            var distance = step > 0 ? end - start : start - end;
            var count = distance > 0 ? (distance - 1) / Math.Abs(Math.Max(step, -long.MaxValue)) + 1 : 0;
            ranges.Add(new SliceRange(axis, start, step, count));
        }
        return ranges;
    }
}
