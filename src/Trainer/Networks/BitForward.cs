using BiT.Graphs;

namespace BiT.Training.Networks;

/// <summary>How the forward pass gets a convolution kernel, and how it normalises: the two things in which training and inference differ.</summary>
/// <param name="Kernel">Kernel of the convolution with this weight name, ready to convolve with.</param>
/// <param name="NormRelu">relu(GroupNorm(x)) with the gamma and beta under this prefix.</param>
internal sealed record LayerForms(Func<string, Value> Kernel, Func<Value, string, Value> NormRelu);

/// <summary>The network from image to pre-logits, written once for training, evaluation and inference.</summary>
/// <remarks>Source: BiT, bit_pytorch/models.py ResNetV2.</remarks>
/// <param name="b">The program.</param>
/// <param name="network">The network.</param>
/// <param name="forms">Its layers.</param>
/// <param name="tilesBatches">Whether the arithmetic of 3x3 convolutions may follow from the number of images. While training it may; an evaluation
/// must not depend on how many photos are evaluated together.</param>
internal sealed class BitForward(GraphBuilder b, BitNetwork network, LayerForms forms, bool tilesBatches = false)
{
    /// <param name="images">[N,3,H,W], float32 in [-1,1].</param>
    /// <returns>Pre-logits, [N, 2048 x width].</returns>
    public Value PreLogits(Value images)
    {
        var x = Root(images);
        foreach (var unit in network.Units())
            x = Unit(x, unit);
        return b.ReduceMean(forms.NormRelu(x, "resnet"), keepDimensions: false, 2, 3);
    }

    private Value Root(Value images)
    {
        var x = b.Conv(images, Kernel("resnet/root_block"), stride: 2, Padding(7));
        // The official code pads with zeros and then pools without padding. Not the same as MaxPool(pad=1)! The zeros take part in the maximum,
        // and activations may be negative here. ONNX Runtime's optimizer overlooks that difference and fuses the pair into MaxPool(pad=1), so
        // the zeros are written another way: windows that reach over the edge have a maximum of at least 0. See docs/decisions/0005.
        var pooled = b.MaxPool(x, kernel: 3, stride: 2, pads: [1, 1, 1, 1]);
        var atEdge = b.Constant(EdgeWindows(x.Shape, pooled.Shape));
        return b.Where(atEdge, b.Relu(pooled), pooled);
    }

    // Which 3x3 windows of stride 2 and padding 1 reach over the edge: bool [1,1,H,W].
    private static Tensor EdgeWindows(Shape source, Shape pooled)
    {
        var (height, width) = (pooled[2].Size, pooled[3].Size);
        var edge = new byte[height * width];
        for (var y = 0L; y < height; y++)
        {
            for (var x = 0L; x < width; x++)
                edge[y * width + x] = y == 0 || x == 0 || 2 * y + 1 >= source[2].Size || 2 * x + 1 >= source[3].Size ? (byte)1 : (byte)0;
        }
        return new Tensor(ElementType.Bool, Shape.Of(1, 1, height, width), edge);
    }

    private Value Unit(Value x, ResidualUnit unit)
    {
        var h = forms.NormRelu(x, $"{unit.Name}/a");
        var residual = unit.HasProjection ? Conv(h, Kernel($"{unit.Name}/a/proj"), unit.Stride) : x;
        h = Conv(h, Kernel($"{unit.Name}/a"));
        h = Conv(forms.NormRelu(h, $"{unit.Name}/b"), Kernel($"{unit.Name}/b"), unit.Stride);
        h = Conv(forms.NormRelu(h, $"{unit.Name}/c"), Kernel($"{unit.Name}/c"));
        return b.Add(h, residual);
    }

    // Padded by half the kernel.
    private Value Conv(Value image, Value kernel, int stride = 1)
    {
        var padding = Padding((int)kernel.Shape[2].Size);
        var (height, width) = ((image.Shape[2].Size - 1) / stride + 1, (image.Shape[3].Size - 1) / stride + 1);
        return b.UsesFusedOperators && GraphBuilder.PrefersConvolution(kernel.Shape, stride, tilesBatches ? image.Shape[0].Size : null, height, width)
            ? b.Convolution(image, kernel, stride) : b.Conv(image, kernel, stride, padding);
    }

    private Value Kernel(string prefix) => forms.Kernel($"{prefix}/standardized_conv2d/kernel");

    private static long[] Padding(int kernel) => [(kernel - 1) / 2, (kernel - 1) / 2, (kernel - 1) / 2, (kernel - 1) / 2];
}
