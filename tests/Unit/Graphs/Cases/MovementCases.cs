using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Cases;

internal static class MovementCases
{
    public static IEnumerable<OperatorCase> All() => [.. Shapes(), .. Slices(), .. Joins(), .. Indexing()];

    private static IEnumerable<OperatorCase> Shapes()
    {
        yield return new("Reshape", "matrix to cube", [Sample.Real(1, 4, 6)], (b, x) => b.Reshape(x[0], Shape.Of(2, 3, 4)));
        yield return new("Reshape", "one element to a scalar", [Sample.Real(2, 1, 1)], (b, x) => b.Reshape(x[0], Shape.Scalar));
        yield return new("Reshape", "0 copies and -1 infers", [Sample.Real(3, 2, 3, 4)],
            (b, x) => b.Append("Reshape", [x[0], b.Constant(Tensor.Of(0, -1))]).Outputs[0]);
        yield return new("Transpose", "matrix", [Sample.Real(4, 2, 3)], (b, x) => b.Transpose(x[0], 1, 0));
        yield return new("Transpose", "a permutation that is not its own inverse", [Sample.Real(5, 2, 3, 4)],
            (b, x) => b.Transpose(x[0], 1, 2, 0));
        yield return new("Expand", "rank and axis", [Sample.Real(6, 3, 1)], (b, x) => b.Expand(x[0], Shape.Of(2, 3, 4)));
        yield return new("Expand", "target smaller than the input", [Sample.Real(7, 3, 2)], (b, x) => b.Expand(x[0], Shape.Of(1, 1)));
        yield return new("Expand", "scalar", [Sample.Real(8)], (b, x) => b.Expand(x[0], Shape.Of(2, 2)));
        yield return new("Pad", "every side another width", [Sample.Real(9, 2, 3)], (b, x) => b.Pad(x[0], 1, 0, 2, 3));
        yield return new("Pad", "nothing", [Sample.Real(10, 2, 3)], (b, x) => b.Pad(x[0], 0, 0, 0, 0));
        yield return new("Pad", "another value than 0", [Sample.Real(11, 3)],
            (b, x) => b.Append("Pad", [x[0], b.Constant(Tensor.Of(2, 1)), b.Scalar(2.5f)]).Outputs[0]);
    }

    private static IEnumerable<OperatorCase> Slices()
    {
        yield return new("Slice", "middle of an axis", [Sample.Real(1, 3, 6)], (b, x) => b.Slice(x[0], 1, 2, 5));
        yield return new("Slice", "step 2 up to the end", [Sample.Real(2, 6, 2)], (b, x) => b.Slice(x[0], 0, 1, 6, 2));
        yield return new("Slice", "step 3 with unused tail", [Sample.Real(3, 2, 9)], (b, x) => b.Slice(x[0], 1, 1, 8, 3));
        yield return new("Slice", "step beyond the axis", [Sample.Real(4, 4)], (b, x) => b.Slice(x[0], 0, 1, 4, 10));
        yield return new("Slice", "reversed", [Sample.Real(5, 5)], (b, x) => b.Slice(x[0], 0, -1, long.MinValue, -1));
        yield return new("Slice", "step -2 inside", [Sample.Real(6, 2, 8)], (b, x) => b.Slice(x[0], 1, 6, 1, -2));
        yield return new("Slice", "step -3 to before the start", [Sample.Real(7, 8)], (b, x) => b.Slice(x[0], 0, 100, -100, -3));
        yield return new("Slice", "negative bounds and axis", [Sample.Real(8, 2, 7)], (b, x) => b.Slice(x[0], -1, -6, -1, 2));
        yield return new("Slice", "end beyond the axis", [Sample.Real(9, 4)], (b, x) => b.Slice(x[0], 0, 1, long.MaxValue));
        yield return new("Slice", "everything", [Sample.Real(10, 4)], (b, x) => b.Slice(x[0], 0, 0, 4));
        yield return new("Slice", "several axes with different steps", [Sample.Real(11, 5, 2, 6)],
            (b, x) => b.Slice(x[0], [2, 0], [5, 0], [0, 4], [-2, 3]));
    }

    private static IEnumerable<OperatorCase> Joins()
    {
        yield return new("Concat", "first axis", [Sample.Real(1, 2, 3), Sample.Real(2, 1, 3)], (b, x) => b.Concat(0, x));
        yield return new("Concat", "three on the last axis", [Sample.Real(3, 2, 1), Sample.Real(4, 2, 3), Sample.Real(5, 2, 2)],
            (b, x) => b.Concat(-1, x));
        yield return new("Concat", "one value twice", [Sample.Real(6, 2, 2)], (b, x) => b.Concat(1, x[0], x[0]));
        yield return new("Concat", "a single input", [Sample.Real(7, 3)], (b, x) => b.Concat(0, x[0]));
    }

    private static IEnumerable<OperatorCase> Indexing()
    {
        yield return new("Gather", "rows, one twice and one from the end", [Sample.Real(1, 4, 3), Sample.Int64(2, 0, 2, -1)],
            (b, x) => b.Gather(x[0], x[1], 0));
        yield return new("Gather", "last of three axes", [Sample.Real(2, 2, 2, 4), Sample.Int64(3, 1)], (b, x) => b.Gather(x[0], x[1], -1));
        yield return new("Gather", "middle axis", [Sample.Real(3, 2, 3, 2), Sample.Int64(1, 1, 0)], (b, x) => b.Gather(x[0], x[1], 1));
        yield return new("Gather", "no gradient: indices of rank 2", [Sample.Real(4, 3, 2), Sample.Int64([2, 2], [0, 2, 1, 1])],
            (b, x) => b.Gather(x[0], x[1], 0));
        yield return new("ScatterElements", "repeated indices of rank 1", [Sample.Real(5, 4), Sample.Int64(1, 1, -1), Sample.Real(6, 3)],
            (b, x) => b.ScatterAdd(x[0], x[1], x[2], 0));
        yield return new("ScatterElements", "no gradient: rank 2", 
            [Sample.Real(7, 3, 2), Sample.Int64([2, 2], [2, 0, 2, 1]), Sample.Real(8, 2, 2)],
            (b, x) => b.ScatterAdd(x[0], x[1], x[2], 0));
    }
}
