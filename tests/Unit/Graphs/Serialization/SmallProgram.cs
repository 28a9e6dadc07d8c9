using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Serialization;

/// <summary>A program with every kind of thing that is written: a symbolic input, named, unnamed, small and large constants of several
/// types, each kind of attribute, a node with two outputs, metadata.</summary>
internal static class SmallProgram
{
    /// <summary>Bytes of the constant <c>table</c>, the only one large enough for an external file.</summary>
    public const int TableBytes = 4 * 600;

    public static Graph Build()
    {
        var b = new GraphBuilder("small");
        var x = b.Input("x", ElementType.Float32, Shapes.Parse("N,2,6,6"));
        var indices = b.Input("indices", ElementType.Int64, Shapes.Parse("4"));
        var pooled = b.Append("MaxPool", [x], Attributes.None.With("kernel_shape", 3, 3).With("strides", 2, 2).With("pads", 1, 1, 1, 1));
        var scale = b.Constant(Tensor.Of(Shape.Of(2), [0.1f, -2.5f]), "scale");
        var normalised = b.InstanceNormalization(pooled.Outputs[0], scale, b.Constant(Tensor.Of(Shape.Of(2), [0f, 1f])), 1e-5f);
        var mask = b.Constant(new Tensor(ElementType.Bool, Shape.Of(3), new byte[] { 1, 0, 1 }));
        b.Output("y", b.Where(mask, normalised, b.Cast(b.Scalar(0.1, ElementType.Float64), ElementType.Float32)));
        b.Output("sources", pooled.Outputs[1]);
        var table = b.Constant(Tensor.Of(Shape.Of(100, 6), [.. Enumerable.Range(0, 600).Select(number => number / 7f)]), "table");
        var flat = b.Reshape(table, Shape.Of(600));
        b.Output("rows", b.ScatterAdd(b.Slice(flat, 0, 0, 9), indices, b.Gather(flat, indices, 0), 0));
        b.Metadata("labels", "[\"tulip\",\"rose\"]");
        b.Metadata("about", "a test");
        return b.Build();
    }
}
