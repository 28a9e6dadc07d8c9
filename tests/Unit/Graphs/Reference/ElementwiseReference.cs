using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>Element-by-element operators with multidirectional broadcasting.</summary>
internal static class ElementwiseReference
{
    public static readonly ReferenceFunction Add = Binary((a, b) => a + b);
    public static readonly ReferenceFunction Sub = Binary((a, b) => a - b);
    public static readonly ReferenceFunction Mul = Binary((a, b) => a * b);
    public static readonly ReferenceFunction Equal = Comparison((a, b) => a == b);
    public static readonly ReferenceFunction Greater = Comparison((a, b) => a > b);

    public static ReferenceTensor[] Div(Node node, ReferenceTensor[] inputs) => inputs[0].Type.IsFloating()
        ? Binary((a, b) => a / b)(node, inputs)
        : Binary((a, b) => Math.Truncate(a / b))(node, inputs);

    public static ReferenceTensor[] Where(Node node, ReferenceTensor[] inputs) =>
        [ReferenceTensor.Compute(inputs[1].Type, CommonSizes(inputs), index =>
            inputs[inputs[0].Broadcast(index) != 0 ? 1 : 2].Broadcast(index))];

    // Floating-point types all compute as double here, so a cast between them changes nothing; to integers it truncates.
    public static ReferenceTensor[] Cast(Node node, ReferenceTensor[] inputs)
    {
        var to = (ElementType)node.Attributes.Integer("to", 0);
        Func<double, double> convert = to switch
        {
            ElementType.Bool => value => value != 0 ? 1 : 0,
            ElementType.Int32 or ElementType.Int64 or ElementType.UInt8 => Math.Truncate,
            _ => value => value,
        };
        return [new ReferenceTensor(to, inputs[0].Sizes, [.. inputs[0].Values.Select(convert)])];
    }

    public static ReferenceFunction Unary(Func<double, double> function) =>
        (_, inputs) => [new ReferenceTensor(inputs[0].Type, inputs[0].Sizes, [.. inputs[0].Values.Select(function)])];

    // Indices in [-depth, depth - 1] count, negative ones from the end; any other index gives a row without the on-value.
    public static ReferenceTensor[] OneHot(Node node, ReferenceTensor[] inputs)
    {
        var (indices, depth, values) = (inputs[0], (long)inputs[1].Values[0], inputs[2]);
        return [ReferenceTensor.Compute(values.Type, [.. indices.Sizes, depth], index =>
        {
            var hot = (long)indices.At(index.AsSpan(0, indices.Rank));
            return values.Values[hot == index[^1] || hot + depth == index[^1] ? 1 : 0];
        })];
    }

    public static long[] CommonSizes(params ReadOnlySpan<ReferenceTensor> tensors)
    {
        var rank = 0;
        foreach (var tensor in tensors)
            rank = Math.Max(rank, tensor.Rank);
        var sizes = new long[rank];
        Array.Fill(sizes, 1);
        foreach (var tensor in tensors)
        {
            for (var axis = 0; axis < tensor.Rank; axis++)
            {
                if (tensor.Sizes[axis] != 1)
                    sizes[rank - tensor.Rank + axis] = tensor.Sizes[axis];
            }
        }
        return sizes;
    }

    private static ReferenceFunction Binary(Func<double, double, double> function) => (_, inputs) =>
        [ReferenceTensor.Compute(inputs[0].Type, CommonSizes(inputs), index =>
            function(inputs[0].Broadcast(index), inputs[1].Broadcast(index)))];

    private static ReferenceFunction Comparison(Func<double, double, bool> holds) => (_, inputs) =>
        [ReferenceTensor.Compute(ElementType.Bool, CommonSizes(inputs), index =>
            holds(inputs[0].Broadcast(index), inputs[1].Broadcast(index)) ? 1 : 0)];
}
