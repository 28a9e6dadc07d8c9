namespace BiT.Graphs.Operators;

/// <summary>Output types of the operators of the project's own domain.</summary>
internal static class FusedInference
{
    /// <summary>Largest kernel of Convolution and ConvInputGradient.</summary>
    public const int LargestBatchedKernel = 3;

    public static TensorType[] GroupNormRelu(InferenceContext context)
    {
        context.RequireInputs(3, 3);
        RequireGroupNorm(context);
        return [new(ElementType.Float32, context.Shape(0))];
    }

    public static TensorType[] GroupNormReluGradient(InferenceContext context)
    {
        context.RequireInputs(4, 4);
        return NormGradients(context);
    }

    public static TensorType[] GroupNormReluGradientAdd(InferenceContext context)
    {
        context.RequireInputs(5, 5);
        RequireShape(context, 4, context.Shape(0));
        return NormGradients(context);
    }

    public static TensorType[] StandardizeWeights(InferenceContext context)
    {
        context.RequireInputs(1, 1);
        RequireKernel(context);
        return [new(ElementType.Float32, context.Shape(0))];
    }

    public static TensorType[] StandardizeWeightsGradient(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        RequireKernel(context);
        RequireShape(context, 1, context.Shape(0));
        return [new(ElementType.Float32, context.Shape(0))];
    }

    public static TensorType[] TurnKernel(InferenceContext context)
    {
        context.RequireInputs(1, 1);
        RequireKernel(context);
        var shape = context.Shape(0);
        return [new(ElementType.Float32, new Shape(shape[1], shape[0], shape[2], shape[3]))];
    }

    public static TensorType[] MomentumStep(InferenceContext context)
    {
        context.RequireInputs(6, 6);
        for (var index = 0; index < 6; index++)
        {
            context.RequireType(index, ElementType.Float32);
            RequireShape(context, index, index < 3 ? context.Shape(0) : Shape.Of(1));
        }
        return [new(ElementType.Float32, context.Shape(0)), new(ElementType.Float32, context.Shape(0))];
    }

    public static TensorType[] Convolution(InferenceContext context)
    {
        RequireConvolution(context);
        return ProductInference.Conv(context);
    }

    public static TensorType[] ConvInputGradient(InferenceContext context)
    {
        RequireConvolution(context);
        var stride = context.Attributes.Integers("strides")[0];
        if (context.Attributes.Integers("output_padding") is not [>= 0 and var rows, >= 0 and var columns] || rows >= stride || columns >= stride)
            throw context.Error("takes an output_padding of two sizes below its stride");
        return ProductInference.ConvTranspose(context);
    }

    private static void RequireConvolution(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireType(0, ElementType.Float32);
        context.RequireRank(1, 4);
        if (!IsFusable(context.Attributes) || context.Attributes.Integers("kernel_shape")[0] > LargestBatchedKernel)
            throw context.Error("takes an odd square kernel of 1 or 3, one stride of 1 or 2 and pads of half the kernel");
        if (!context.Shape(1).Sizes.AsSpan(2).SequenceEqual(context.Attributes.Integers("kernel_shape")))
            throw context.Error("has another kernel_shape than its kernel");
    }

    public static TensorType[] ConvKernelGradient(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        foreach (var index in (ReadOnlySpan<int>)[0, 1])
        {
            context.RequireType(index, ElementType.Float32);
            context.RequireRank(index, 4);
        }
        if (!IsFusable(context.Attributes))
            throw context.Error("takes an odd square kernel of 1, 3 or 7, one stride of 1 or 2 and pads of half the kernel");
        var kernel = context.Attributes.Integers("kernel_shape");
        var window = Window.Of(context.Attributes, kernel[0], kernel[1]);
        var (image, gradient) = (context.Shape(0), context.Shape(1));
        var expected = new Shape(image[0], gradient[1], window.Output(0, image[2].Size), window.Output(1, image[3].Size));
        RequireShape(context, 1, expected);
        return [new(ElementType.Float32, new Shape(gradient[1], image[1], kernel[0], kernel[1]))];
    }

    /// <summary>Whether a convolution's window is one of BiT's networks, for which there are kernels.</summary>
    public static bool IsFusable(Attributes attributes)
    {
        if (attributes.Integers("kernel_shape") is not [var height, var width] || attributes.Integers("strides", 1, 1) is not [var down, var right])
            return false;
        return height == width && height is 1 or 3 or 7 && down == right && down is 1 or 2
            && attributes.Integers("pads", 0, 0, 0, 0).All(pad => pad == height / 2)
            && attributes.Integers("dilations", 1, 1) is [1, 1] && attributes.Integer("group", 1) == 1;
    }

    public static TensorType[] MaxPoolGradient(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireType(0, ElementType.Float32);
        context.RequireType(1, ElementType.Float32);
        var pooled = OperatorSet.Infer("MaxPool", [context.Input(0)], context.Attributes)[0];
        RequireShape(context, 1, pooled.Shape);
        return [new(ElementType.Float32, context.Shape(0))];
    }

    private static TensorType[] NormGradients(InferenceContext context)
    {
        RequireGroupNorm(context);
        RequireShape(context, 3, context.Shape(0));
        return [.. ((int[])[0, 1, 2, 0]).Select(input => new TensorType(ElementType.Float32, context.Shape(input)))];
    }

    private static void RequireGroupNorm(InferenceContext context)
    {
        context.RequireRank(0, 4);
        for (var index = 0; index < context.InputCount; index++)
            context.RequireType(index, ElementType.Float32);
        var channels = context.Shape(0)[1];
        if (context.Attributes.Integers("groups") is not [> 0 and var groups] || channels.Size % groups != 0)
            throw context.Error("needs groups, one number that divides the channels");
        if (!(context.Attributes.Real("epsilon", 0) > 0))
            throw context.Error("needs an epsilon above 0");
        RequireShape(context, 1, new Shape(channels));
        RequireShape(context, 2, new Shape(channels));
    }

    private static void RequireKernel(InferenceContext context)
    {
        context.RequireType(0, ElementType.Float32);
        context.RequireRank(0, 4);
    }

    private static void RequireShape(InferenceContext context, int index, Shape expected)
    {
        if (!context.Shape(index).Equals(expected))
            throw context.Error($"takes {expected} as input {index}; got {context.Shape(index)}");
    }
}
