using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Cases;

internal static class ReductionCases
{
    public static IEnumerable<OperatorCase> All()
    {
        (string Name, Func<GraphBuilder, Value, bool, long[], Value> Reduce)[] operators =
        [
            ("ReduceSum", (b, x, keep, axes) => b.ReduceSum(x, keep, axes)),
            ("ReduceMean", (b, x, keep, axes) => b.ReduceMean(x, keep, axes)),
        ];
        foreach (var (name, reduce) in operators)
        {
            foreach (var keep in (bool[])[true, false])
            {
                var kept = keep ? "axes kept" : "axes dropped";
                yield return new(name, $"first axis, {kept}", [Sample.Real(1, 3, 4)], (b, x) => reduce(b, x[0], keep, [0]));
                yield return new(name, $"negative axis, {kept}", [Sample.Real(2, 3, 4)], (b, x) => reduce(b, x[0], keep, [-1]));
                yield return new(name, $"two axes out of order, {kept}", [Sample.Real(3, 2, 3, 4, 2)],
                    (b, x) => reduce(b, x[0], keep, [3, 1]));
                yield return new(name, $"all axes, {kept}", [Sample.Real(4, 2, 3, 2)], (b, x) => reduce(b, x[0], keep, [0, 1, 2]));
                yield return new(name, $"an axis of 1, {kept}", [Sample.Real(5, 3, 1)], (b, x) => reduce(b, x[0], keep, [1]));
            }
        }
    }
}
