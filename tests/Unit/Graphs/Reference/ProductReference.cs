using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>Matrix products and two-dimensional convolutions as loops over their definition.</summary>
internal static class ProductReference
{
    public static ReferenceTensor[] MatMul(Node node, ReferenceTensor[] inputs)
    {
        var (left, right) = (inputs[0], inputs[1]);
        var (leftBatch, rightBatch) = (Batch(left), Batch(right));
        long[] sizes = [.. ElementwiseReference.CommonSizes(leftBatch, rightBatch), left.Sizes[^2], right.Sizes[^1]];
        return [ReferenceTensor.Compute(left.Type, sizes, index =>
        {
            var batch = index[..^2];
            var (a, b) = ((long)leftBatch.Broadcast(batch), (long)rightBatch.Broadcast(batch));
            var sum = 0.0;
            for (var inner = 0L; inner < left.Sizes[^1]; inner++)
            {
                sum += left.Values[(a * left.Sizes[^2] + index[^2]) * left.Sizes[^1] + inner]
                    * right.Values[(b * right.Sizes[^2] + inner) * right.Sizes[^1] + index[^1]];
            }
            return sum;
        })];
    }

    public static ReferenceTensor[] Conv(Node node, ReferenceTensor[] inputs)
    {
        var (image, kernel) = (inputs[0], inputs[1]);
        var w = WindowOf(node);
        long Extent(int axis) => w.Dilations[axis] * (kernel.Sizes[axis + 2] - 1) + 1;
        long Length(int axis) => (image.Sizes[axis + 2] + w.Pads[axis] + w.Pads[axis + 2] - Extent(axis)) / w.Strides[axis] + 1;
        return [ReferenceTensor.Compute(image.Type, [image.Sizes[0], kernel.Sizes[0], Length(0), Length(1)], index =>
        {
            var sum = inputs.Length > 2 ? inputs[2].At(index[1]) : 0;
            for (var channel = 0L; channel < kernel.Sizes[1]; channel++)
            {
                for (var u = 0L; u < kernel.Sizes[2]; u++)
                {
                    var y = index[2] * w.Strides[0] + u * w.Dilations[0] - w.Pads[0];
                    for (var v = 0L; y >= 0 && y < image.Sizes[2] && v < kernel.Sizes[3]; v++)
                    {
                        var x = index[3] * w.Strides[1] + v * w.Dilations[1] - w.Pads[1];
                        if (x >= 0 && x < image.Sizes[3])
                            sum += image.At(index[0], channel, y, x) * kernel.At(index[1], channel, u, v);
                    }
                }
            }
            return sum;
        })];
    }

    // Every element of the image stamps the kernel into the output; pads cut off the border, output_padding adds rows at the end.
    public static ReferenceTensor[] ConvTranspose(Node node, ReferenceTensor[] inputs)
    {
        var (image, kernel) = (inputs[0], inputs[1]);
        var w = WindowOf(node);
        var added = node.Attributes.Integers("output_padding", 0, 0);
        long Length(int axis) =>
            w.Strides[axis] * (image.Sizes[axis + 2] - 1) + added[axis] + w.Dilations[axis] * (kernel.Sizes[axis + 2] - 1) + 1
            - w.Pads[axis] - w.Pads[axis + 2];
        long[] sizes = [image.Sizes[0], kernel.Sizes[1], Length(0), Length(1)];
        var result = new ReferenceTensor(image.Type, sizes, new double[ReferenceTensor.CountOf(sizes)]);
        foreach (var at in ReferenceTensor.Indices([.. image.Sizes, kernel.Sizes[1], kernel.Sizes[2], kernel.Sizes[3]]))
        {
            var y = at[2] * w.Strides[0] + at[5] * w.Dilations[0] - w.Pads[0];
            var x = at[3] * w.Strides[1] + at[6] * w.Dilations[1] - w.Pads[1];
            if (y >= 0 && y < sizes[2] && x >= 0 && x < sizes[3])
                result.Values[result.Offset([at[0], at[4], y, x])] += image.At(at.AsSpan(0, 4)) * kernel.At(at[1], at[4], at[5], at[6]);
        }
        return [result];
    }

    private static (long[] Strides, long[] Pads, long[] Dilations) WindowOf(Node node) => (
        node.Attributes.Integers("strides", 1, 1),
        node.Attributes.Integers("pads", 0, 0, 0, 0),
        node.Attributes.Integers("dilations", 1, 1));

    // The batch axes, each element the number of its matrix.
    private static ReferenceTensor Batch(ReferenceTensor stack)
    {
        var next = 0;
        return ReferenceTensor.Compute(ElementType.Int64, stack.Sizes[..^2], _ => next++);
    }
}
