namespace BiT.Graphs.Operators;

/// <summary>Output types of matrix products and convolutions.</summary>
internal static class ProductInference
{
    public static TensorType[] MatMul(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireFloating(0);
        context.RequireSameType(0, 1);
        var (left, right) = (context.Shape(0), context.Shape(1));
        if (left.Rank < 2 || right.Rank < 2)
            throw context.Error("takes operands of rank 2 or more");
        if (left[left.Rank - 1] != right[right.Rank - 2])
            throw context.Error($"cannot contract {left[left.Rank - 1]} with {right[right.Rank - 2]}");
        var batch = Shape.Broadcast(new Shape(left.Dimensions.SkipLast(2)), new Shape(right.Dimensions.SkipLast(2)));
        return [new(context.Type(0), new Shape([.. batch.Dimensions, left[left.Rank - 2], right[right.Rank - 1]]))];
    }

    public static TensorType[] Conv(InferenceContext context)
    {
        context.RequireInputs(2, 3);
        var (image, kernel, window) = Operands(context);
        if (image[1] != kernel[1])
            throw context.Error($"has a kernel for {kernel[1]} channels over an image of {image[1]}");
        RequireBias(context, kernel[0]);
        return [new(context.Type(0), new Shape(image[0], kernel[0], window.Output(0, image[2].Size), window.Output(1, image[3].Size)))];
    }

    public static TensorType[] ConvTranspose(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        var (image, kernel, window) = Operands(context);
        if (image[1] != kernel[0])
            throw context.Error($"has a kernel for {kernel[0]} channels over an image of {image[1]}");
        if (context.Attributes.Integers("output_padding", 0, 0) is not [>= 0, >= 0] outputPadding)
            throw context.Error("takes an output_padding of two sizes of 0 or more");
        return [new(context.Type(0), new Shape(
            image[0], kernel[1], window.Input(0, image[2].Size) + outputPadding[0], window.Input(1, image[3].Size) + outputPadding[1]))];
    }

    private static (Shape Image, Shape Kernel, Window Window) Operands(InferenceContext context)
    {
        context.RequireFloating(0);
        context.RequireSameType(0, 1);
        context.RequireRank(0, 4);
        context.RequireRank(1, 4);
        if (context.Attributes.Integer("group", 1) != 1)
            throw context.Error("is supported with group 1 only");
        return (context.Shape(0), context.Shape(1), Window.Of(context.Attributes, context.Shape(1)[2].Size, context.Shape(1)[3].Size));
    }

    private static void RequireBias(InferenceContext context, Dimension channels)
    {
        if (context.InputCount == 3 && !context.Shape(2).Equals(new Shape(channels)))
            throw context.Error($"takes a bias of shape [{channels}]");
    }
}
