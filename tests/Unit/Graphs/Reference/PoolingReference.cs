using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>Pooling and normalisation.</summary>
internal static class PoolingReference
{
    // Values, and the index of each one's source in the flattened input; the first of equals in row-major order wins.
    public static ReferenceTensor[] MaxPool(Node node, ReferenceTensor[] inputs)
    {
        var image = inputs[0];
        var (kernel, strides) = (node.Attributes.Integers("kernel_shape"), node.Attributes.Integers("strides", 1, 1));
        var (pads, dilations) = (node.Attributes.Integers("pads", 0, 0, 0, 0), node.Attributes.Integers("dilations", 1, 1));
        long Length(int axis) =>
            (image.Sizes[axis + 2] + pads[axis] + pads[axis + 2] - (dilations[axis] * (kernel[axis] - 1) + 1)) / strides[axis] + 1;
        long[] sizes = [image.Sizes[0], image.Sizes[1], Length(0), Length(1)];
        var sources = ReferenceTensor.Compute(ElementType.Int64, sizes, index =>
        {
            var best = -1L;
            for (var u = 0L; u < kernel[0]; u++)
            {
                for (var v = 0L; v < kernel[1]; v++)
                {
                    var (y, x) = (index[2] * strides[0] + u * dilations[0] - pads[0], index[3] * strides[1] + v * dilations[1] - pads[1]);
                    if (y < 0 || y >= image.Sizes[2] || x < 0 || x >= image.Sizes[3])
                        continue;
                    var candidate = image.Offset([index[0], index[1], y, x]);
                    if (best < 0 || image.Values[candidate] > image.Values[best])
                        best = candidate;
                }
            }
            return best;
        });
        return [new ReferenceTensor(image.Type, sizes, [.. sources.Values.Select(source => image.Values[(long)source])]), sources];
    }

    public static ReferenceTensor[] InstanceNormalization(Node node, ReferenceTensor[] inputs)
    {
        var (input, scale, bias) = (inputs[0], inputs[1], inputs[2]);
        double epsilon = node.Attributes.Real("epsilon", 1e-5f);
        var spatial = (int)(input.Values.Length / (input.Sizes[0] * input.Sizes[1]));
        var values = new double[input.Values.Length];
        for (var map = 0; map < values.Length / spatial; map++)
        {
            var elements = input.Values.AsSpan(map * spatial, spatial).ToArray();
            var mean = elements.Average();
            var deviation = Math.Sqrt(elements.Average(value => (value - mean) * (value - mean)) + epsilon);
            var channel = map % input.Sizes[1];
            for (var at = 0; at < spatial; at++)
                values[map * spatial + at] = scale.At(channel) * (elements[at] - mean) / deviation + bias.At(channel);
        }
        return [new ReferenceTensor(input.Type, input.Sizes, values)];
    }

    public static ReferenceTensor[] LayerNormalization(Node node, ReferenceTensor[] inputs)
    {
        var (input, scale) = (inputs[0], inputs[1]);
        double epsilon = node.Attributes.Real("epsilon", 1e-5f);
        var rows = input.Values.Chunk((int)input.Sizes[^1]).Select(row => (Values: row, Mean: row.Average())).Select(row =>
            (row.Values, row.Mean, Scale: 1 / Math.Sqrt(row.Values.Average(value => (value - row.Mean) * (value - row.Mean)) + epsilon))).ToArray();
        var values = rows.SelectMany(row => row.Values.Select((value, at) => scale.At(at) * (value - row.Mean) * row.Scale));
        var byRow = input.Sizes.SkipLast(1).Append(1).ToArray();
        return
        [
            new ReferenceTensor(input.Type, input.Sizes, [.. values]), new ReferenceTensor(input.Type, byRow, [.. rows.Select(row => row.Mean)]),
            new ReferenceTensor(input.Type, byRow, [.. rows.Select(row => row.Scale)]),
        ];
    }
}
