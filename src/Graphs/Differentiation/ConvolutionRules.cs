using BiT.Graphs.Operators;

namespace BiT.Graphs.Differentiation;

/// <summary>Gradients of the two-dimensional convolution by its image and by its kernel.</summary>
internal static class ConvolutionRules
{
    public static Value?[] Conv(GradientContext c)
    {
        var kernel = c.Input(1).Shape;
        var window = Window.Of(c.Attributes, kernel[2].Size, kernel[3].Size);
        if (window.Dilations is not [1, 1])
            throw new GraphException($"Conv has a gradient without dilations only; got [{string.Join(",", window.Dilations)}].");
        return c.Inputs(
            () => ByImage(c, window),
            () => ByKernel(c, window),
            () => c.Builder.ReduceSum(c.Gradient, keepDimensions: false, 0, 2, 3));
    }

    private static Value ByImage(GradientContext c, Window window)
    {
        if (IsBatched(c, window))
            return c.Builder.ConvInputGradient(c.Gradient, c.Input(1), window.Strides[0], OutputPadding(c, window));
        // A stride-1 convolution with padding below the kernel is undone by a convolution with the kernel turned around: faster in
        // ONNX Runtime than ConvTranspose, which serves every other case.
        var turnable = window.Strides is [1, 1] && Enumerable.Range(0, 4).All(side => window.Pads[side] < window.Kernel[side % 2]);
        if (turnable && c.Builder.UsesFusedOperators && c.Input(1).Type == ElementType.Float32)
            return c.Builder.Conv(c.Gradient, c.Builder.TurnKernel(c.Input(1)), 1, TurnedPads(window));
        if (!turnable)
            return window is { Kernel: [1, 1], Pads: [0, 0, 0, 0] } ? ByScatteredProduct(c, window) : ByTransposedConvolution(c, window);
        var kernel = c.Builder.Transpose(c.Input(1), 1, 0, 2, 3);
        long[] axes = [.. Enumerable.Range(0, 2).Where(axis => window.Kernel[axis] > 1).Select(axis => axis + 2L)];
        if (axes.Length > 0)
            kernel = c.Builder.Slice(kernel, axes, [.. axes.Select(_ => -1L)], [.. axes.Select(_ => long.MinValue)], [.. axes.Select(_ => -1L)]);
        return c.Builder.Conv(c.Gradient, kernel, 1, TurnedPads(window));
    }

    private static long[] TurnedPads(Window window) => [.. Enumerable.Range(0, 4).Select(side => window.Kernel[side % 2] - 1 - window.Pads[side])];

    // A strided 1x1 convolution touches each of its pixels once: the product first, on the small map, then zeros in between.
    private static Value ByScatteredProduct(GradientContext c, Window window)
    {
        var gradient = c.Builder.Conv(c.Gradient, c.Builder.Transpose(c.Input(1), 1, 0, 2, 3));
        for (var axis = 2; axis < 4; axis++)
        {
            var count = gradient.Shape[axis].Size;
            gradient = MovementRules.Unslice(
                c.Builder, gradient, new SliceRange(axis, 0, window.Strides[axis - 2], count), c.Input(0).Shape[axis].Size);
        }
        return gradient;
    }

    private static Value ByTransposedConvolution(GradientContext c, Window window)
    {
        return c.Builder.ConvTranspose(c.Gradient, c.Input(1), window.Strides, window.Pads, OutputPadding(c, window));
    }

    // Rows and columns of the image behind the last window.
    private static long[] OutputPadding(GradientContext c, Window window) =>
        [.. Enumerable.Range(0, 2).Select(axis => c.Input(0).Shape[axis + 2].Size - window.Input(axis, c.Gradient.Shape[axis + 2].Size))];

    // Strided ones are several times slower in ONNX Runtime.
    private static bool IsBatched(GradientContext c, Window window)
    {
        var image = c.Input(0).Shape;
        return c.Builder.UsesFusedOperators && c.Gradient.Type == ElementType.Float32 && window.Kernel[0] <= FusedInference.LargestBatchedKernel
            && FusedInference.IsFusable(c.Attributes.With("kernel_shape", window.Kernel))
            && (window.Strides[0] > 1 || GraphBuilder.PrefersConvolution(c.Input(1).Shape, 1, image[0].IsStatic ? image[0].Size : null, image[2].Size, image[3].Size));
    }

    // dW[o,i,u,v] = sum over n and positions of dY[n,o,y,x] * X[n,i,y*s+u,x*s+v]: for each kernel position (u,v) one product of dY as
    // [O, N*positions] with the shifted image as [I, N*positions]. Rows first, so that the sum over N is part of the product.
    private static Value ByKernel(GradientContext c, Window window)
    {
        var b = c.Builder;
        var attributes = c.Attributes.With("kernel_shape", window.Kernel);
        if (b.UsesFusedOperators && c.Gradient.Type == ElementType.Float32 && FusedInference.IsFusable(attributes))
            return b.ConvKernelGradient(c.Input(0), c.Gradient, window.Kernel[0], window.Strides[0]);
        var (image, gradient, kernel) = (c.Input(0), c.Gradient.Shape, c.Input(1).Shape);
        var positions = gradient[0].Size * gradient[2].Size * gradient[3].Size;
        var rows = b.Reshape(b.Transpose(c.Gradient, 1, 0, 2, 3), Shape.Of(gradient[1].Size, positions));
        var channelsFirst = b.Transpose(image, 1, 0, 2, 3);
        var pads = window.Pads;
        var padded = pads.All(pad => pad == 0) ? channelsFirst : b.Pad(channelsFirst, 0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]);
        var products = new List<Value>();
        for (var u = 0L; u < window.Kernel[0]; u++)
        {
            for (var v = 0L; v < window.Kernel[1]; v++)
            {
                var shifted = Shifted(b, padded, window, (u, v), (gradient[2].Size, gradient[3].Size));
                var columns = b.Transpose(b.Reshape(shifted, Shape.Of(image.Shape[1].Size, positions)), 1, 0);
                products.Add(b.Reshape(b.MatMul(rows, columns), Shape.Of(kernel[0].Size, kernel[1].Size, 1)));
            }
        }
        return b.Reshape(products.Count == 1 ? products[0] : b.Concat(2, products), kernel);
    }

    // The elements of the padded image that kernel position (u, v) meets, one per output position.
    private static Value Shifted(GraphBuilder b, Value padded, Window window, (long U, long V) at, (long Height, long Width) output)
    {
        var endY = at.U + (output.Height - 1) * window.Strides[0] + 1;
        var endX = at.V + (output.Width - 1) * window.Strides[1] + 1;
        var whole = at == (0, 0) && window.Strides is [1, 1] && endY == padded.Shape[2].Size && endX == padded.Shape[3].Size;
        return whole ? padded : b.Slice(padded, [2, 3], [at.U, at.V], [endY, endX], window.Strides);
    }
}
