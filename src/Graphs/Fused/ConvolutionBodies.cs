using BiT.Graphs.Operators;

namespace BiT.Graphs.Fused;

/// <summary>Convolutions and their gradients in plain operators, without sizes.</summary>
internal static class ConvolutionBodies
{
    public static IReadOnlyList<Value> Convolution(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes) =>
        b.Append("Conv", inputs, attributes).Outputs;

    public static IReadOnlyList<Value> InputGradient(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes) =>
        b.Append("ConvTranspose", inputs, attributes).Outputs;

    // dW[o,i,u,v] = sum over n and positions of dY[n,o,y,x] * X[n,i,y*s+u,x*s+v]: for each kernel position (u,v) one product of dY as
    // [O, N*positions] with the shifted image as [I, N*positions]. Rows first, so that the sum over N is part of the product.
    public static IReadOnlyList<Value> KernelGradient(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes)
    {
        var kernel = attributes.Integers("kernel_shape");
        var window = Window.Of(attributes, kernel[0], kernel[1]);
        var rows = Flat(b, b.Transpose(inputs[1], 1, 0, 2, 3));
        var channelsFirst = b.Transpose(inputs[0], 1, 0, 2, 3);
        var pads = window.Pads;
        var padded = pads.All(pad => pad == 0) ? channelsFirst : b.Pad(channelsFirst, 0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]);
        var products = new List<Value>();
        for (var u = 0L; u < window.Kernel[0]; u++)
        {
            for (var v = 0L; v < window.Kernel[1]; v++)
            {
                var columns = b.Transpose(Flat(b, Shifted(b, padded, window, u, v)), 1, 0);
                products.Add(b.Append("Reshape", [b.MatMul(rows, columns), b.Constant(Tensor.Of(0, 0, 1))]).Outputs[0]);
            }
        }
        var joined = products.Count == 1 ? products[0] : b.Concat(2, products);
        return [b.Append("Reshape", [joined, b.Constant(Tensor.Of(0, 0, window.Kernel[0], window.Kernel[1]))]).Outputs[0]];
    }

    // [O,I,kh,kw] to [I,O,kh,kw], upside down and mirrored.
    public static IReadOnlyList<Value> TurnKernel(GraphBuilder b, IReadOnlyList<Value> inputs, Attributes attributes) =>
        [b.Slice(b.Transpose(inputs[0], 1, 0, 2, 3), [2, 3], [-1, -1], [long.MinValue, long.MinValue], [-1, -1])];

    private static Value Flat(GraphBuilder b, Value channelsFirst) =>
        b.Append("Reshape", [channelsFirst, b.Constant(Tensor.Of(0, -1))]).Outputs[0];

    // Ends count from the back: kernel position (u, v) stops as many rows and columns before the padded end as the last one starts behind it.
    private static Value Shifted(GraphBuilder b, Value padded, Window window, long u, long v)
    {
        if (window.Kernel is [1, 1] && window.Strides is [1, 1])
            return padded;
        return b.Slice(padded, [2, 3], [u, v], [End(window.Kernel[0] - 1 - u), End(window.Kernel[1] - 1 - v)], window.Strides);
    }

    private static long End(long distance) => distance == 0 ? long.MaxValue : -distance;
}
