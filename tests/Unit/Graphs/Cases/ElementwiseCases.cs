using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Cases;

internal static class ElementwiseCases
{
    public static IEnumerable<OperatorCase> All() => [.. Arithmetic(), .. Choices(), .. Unary()];

    private static IEnumerable<OperatorCase> Arithmetic()
    {
        (string Name, Func<GraphBuilder, Value[], Value> Build)[] operators =
        [
            ("Add", (b, x) => b.Add(x[0], x[1])),
            ("Sub", (b, x) => b.Sub(x[0], x[1])),
            ("Mul", (b, x) => b.Mul(x[0], x[1])),
            ("Div", (b, x) => b.Div(x[0], x[1])),
        ];
        foreach (var (name, build) in operators)
        {
            yield return new(name, "equal shapes", [Sample.Real(1, 2, 3), Sample.Real(2, 2, 3)], build);
            yield return new(name, "right operand broadcasts by rank", [Sample.Real(3, 2, 3, 4), Sample.Real(4, 4)], build);
            yield return new(name, "left operand broadcasts by rank", [Sample.Real(5, 3, 1), Sample.Real(6, 2, 3, 4)], build);
            yield return new(name, "both operands broadcast", [Sample.Real(7, 2, 1, 4), Sample.Real(8, 3, 1)], build);
            yield return new(name, "scalar operands", [Sample.Real(9), Sample.Real(10, 2, 2)], build);
            yield return new(name, "axes of 1 against axes of 1", [Sample.Real(11, 1, 3), Sample.Real(12, 1, 1, 1)], build);
            yield return new(name, "one value as both operands", [Sample.Real(13, 3)], (b, x) => build(b, [x[0], x[0]]));
        }
        yield return new("Div", "no gradient: int64 truncates towards zero",
            [Sample.Int64(7, -7, 7, -7), Sample.Int64(2, 2, -2, -2)], (b, x) => b.Div(x[0], x[1]));
    }

    private static IEnumerable<OperatorCase> Choices()
    {
        yield return new("Equal", "int64", [Sample.Int64(1, 2, 3), Sample.Int64(3, 2, 3)], (b, x) => b.Equal(x[0], x[1]));
        yield return new("Equal", "float32, broadcast", [Sample.Ties(1, 2, 3), Sample.Ties(2, 3)], (b, x) => b.Equal(x[0], x[1]));
        yield return new("Greater", "float32, broadcast", [Sample.Ties(3, 4, 1), Sample.Ties(4, 3)], (b, x) => b.Greater(x[0], x[1]));
        yield return new("Where", "equal shapes", [Sample.Bool(true, false, true), Sample.Real(1, 3), Sample.Real(2, 3)],
            (b, x) => b.Where(x[0], x[1], x[2]));
        yield return new("Where", "everything broadcasts",
            [Sample.Bool(false, true, false), Sample.Real(3, 2, 1), Sample.Real(4)], (b, x) => b.Where(x[0], x[1], x[2]));
        yield return new("Where", "the condition has the largest rank", [Sample.Bool(true, false), Sample.Real(5, 2), Sample.Real(6, 1)],
            (b, x) => b.Where(b.Reshape(x[0], Shape.Of(2, 1, 1)), x[1], x[2]));
        yield return new("Sign", "negative, zero and positive", [Sample.Ties(5, 3, 4)], (b, x) => b.Sign(x[0]));
        yield return new("Not", "both values", [Sample.Bool(true, false)], (b, x) => b.Not(x[0]));
        yield return new("OneHot", "indices of rank 1, one from the end, one outside", [Sample.Int64(0, 2, -1, 3)],
            (b, x) => b.OneHot(x[0], 3));
        yield return new("OneHot", "indices of rank 2", [Sample.Int64([2, 2], [1, 0, 3, 2])], (b, x) => b.OneHot(x[0], 4));
        yield return new("Cast", "no gradient: float32 to int64 truncates", [Sample.Real(7, 5)], (b, x) => b.Cast(x[0], ElementType.Int64));
        yield return new("Cast", "no gradient: float32 to bool", [Sample.Ties(8, 5)], (b, x) => b.Cast(x[0], ElementType.Bool));
        yield return new("Cast", "no gradient: int64 to float32", [Sample.Int64(-3, 0, 9)], (b, x) => b.Cast(x[0], ElementType.Float32));
        yield return new("Cast", "no gradient: to float16 and back", [Sample.Ties(10, 4)],
            (b, x) => b.Cast(b.Cast(x[0], ElementType.Float16), ElementType.Float32));
        yield return new("Cast", "gradients in float64", [Sample.Real(9, 2, 3), Sample.Bool(true, false, true)], (b, x) =>
        {
            var wide = b.Cast(x[0], ElementType.Float64);
            var magnitude = b.Sqrt(b.Mul(wide, wide));
            var chosen = b.Where(x[1], b.Relu(wide), magnitude);
            return b.Cast(b.Sub(chosen, b.ReduceMean(magnitude, keepDimensions: true, 1)), ElementType.Float32);
        });
    }

    private static IEnumerable<OperatorCase> Unary()
    {
        yield return new("Neg", "matrix", [Sample.Real(1, 2, 3)], (b, x) => b.Neg(x[0]));
        yield return new("Sqrt", "matrix", [Sample.Positive(2, 2, 3)], (b, x) => b.Sqrt(x[0]));
        yield return new("Reciprocal", "matrix", [Sample.Real(3, 2, 3)], (b, x) => b.Reciprocal(x[0]));
        yield return new("Exp", "matrix", [Sample.Real(4, 2, 3)], (b, x) => b.Exp(x[0]));
        yield return new("Log", "matrix", [Sample.Positive(5, 2, 3)], (b, x) => b.Log(x[0]));
        yield return new("Relu", "matrix", [Sample.Real(6, 3, 4)], (b, x) => b.Relu(x[0]));
        yield return new("Identity", "matrix", [Sample.Real(7, 2, 3)], (b, x) => b.Identity(x[0]));
        yield return new("Identity", "scalar", [Sample.Real(8)], (b, x) => b.Identity(x[0]));
        yield return new("LogSoftmax", "last axis", [Sample.Real(9, 3, 5)], (b, x) => b.LogSoftmax(x[0], -1));
        yield return new("LogSoftmax", "first axis", [Sample.Real(10, 4, 2)], (b, x) => b.LogSoftmax(x[0], 0));
        yield return new("LogSoftmax", "middle axis", [Sample.Real(11, 2, 3, 2)], (b, x) => b.LogSoftmax(x[0], 1));
        // exp(300) overflows float32 and exp(-300) vanishes: only the form that subtracts the largest element is finite.
        yield return new("LogSoftmax", "logits far apart", [new(ElementType.Float32, [1, 3], [300, -300, 299])],
            (b, x) => b.LogSoftmax(x[0], 1));
    }
}
