using BiT.Graphs;
using BiT.Graphs.Fused;
using BiT.Graphs.Serialization;

namespace BiT.Tests.Unit.Runtime.Kernels;

/// <summary>The program behind the resource self-test.onnx: every kernel once, on shapes with vectors and remainders.</summary>
internal static class SelfTestProgram
{
    public static byte[] Bytes() => OnnxWriter.ToBytes(Build());

    public static Graph Build()
    {
        var b = new Builder();
        var (image, vector, other) = (b.Input(2, 4, 9, 9), b.Input(4), b.Input(4));
        b.Fused("GroupNormRelu", [image, vector, other], Norm);
        b.Fused("GroupNormReluGradient", [image, vector, other, b.Input(2, 4, 9, 9)], Norm);
        b.Fused("GroupNormReluGradient", [b.Input(2, 4, 3, 3), vector, other, b.Input(2, 4, 3, 3)], Norm);
        foreach (var side in (long[])[3, 9])
            b.Fused("GroupNormReluGradientAdd", [b.Input(2, 4, side, side), vector, other, b.Input(2, 4, side, side), b.Input(2, 4, side, side)], Norm);
        var kernel = b.Input(5, 4, 3, 3);
        b.Fused("StandardizeWeights", [kernel], Attributes.None.With("epsilon", 1e-10f));
        b.Fused("StandardizeWeightsGradient", [kernel, b.Input(5, 4, 3, 3)], Attributes.None.With("epsilon", 1e-10f));
        b.Fused("TurnKernel", [kernel], Attributes.None);
        b.Fused("MaxPoolGradient", [image, b.Input(2, 4, 5, 5)],
            Attributes.None.With("kernel_shape", 3, 3).With("strides", 2, 2).With("pads", 1, 1, 1, 1));
        b.Fused("MomentumStep", [b.Input(33), b.Input(33), b.Input(33), b.Input(1), b.Input(1), b.Input(1)], Attributes.None);
        foreach (var size in (long[])[1, 3, 7])
        {
            foreach (var stride in (long[])[1, 2])
                Convolutions(b, size, stride);
        }
        // Several blocks of tiles, and more channels than meet a block together.
        var (wide, many) = (b.Input(3, 67, 9, 11), b.Input(70, 67, 3, 3));
        b.Fused("Convolution", [wide, many], Window(3, 1));
        b.Fused("ConvInputGradient", [b.Input(3, 70, 9, 11), many], Window(3, 1).With("output_padding", 0, 0));
        return b.Build();
    }

    private static Attributes Norm => Attributes.None.With("groups", [2L]).With("epsilon", 1e-5f);

    private static Attributes Window(long size, long stride) => Attributes.None.With("kernel_shape", size, size).With("strides", stride, stride)
        .With("pads", size / 2, size / 2, size / 2, size / 2);

    private static void Convolutions(Builder b, long size, long stride)
    {
        var window = Window(size, stride);
        var (image, gradient) = (b.Input(2, 9, 6, 7), b.Input(2, 35, 5 / stride + 1, 6 / stride + 1));
        b.Fused("ConvKernelGradient", [image, gradient], window);
        if (size == 7)
            return;
        var kernel = b.Input(35, 9, size, size);
        b.Fused("Convolution", [image, kernel], window);
        for (var rows = 0L; rows < stride; rows++)
        {
            for (var columns = 0L; columns < stride; columns++)
                b.Fused("ConvInputGradient", [gradient, kernel], window.With("output_padding", rows, columns));
        }
    }

    private sealed class Builder
    {
        private readonly GraphBuilder _builder = new("self-test");
        private int _inputs;
        private int _outputs;

        public Value Input(params long[] sizes) => _builder.Input($"x{_inputs++}", ElementType.Float32, Shape.Of(sizes));

        public void Fused(string @operator, Value[] inputs, Attributes attributes)
        {
            foreach (var output in _builder.Append(@operator, inputs, attributes).Outputs)
                _builder.Output($"y{_outputs++}", output);
        }

        public Graph Build() => _builder.Build();
    }
}
