namespace BiT.Graphs.Operators;

/// <summary>Output types of pooling and normalisation.</summary>
internal static class PoolingInference
{
    /// <summary>MaxPool has two outputs: the pooled values and, for each, the index of its source in the flattened input.</summary>
    public static TensorType[] MaxPool(InferenceContext context)
    {
        context.RequireInputs(1, 1);
        context.RequireFloating(0);
        context.RequireRank(0, 4);
        if (context.Attributes.Integers("kernel_shape") is not [> 0 and var height, > 0 and var width])
            throw context.Error("needs kernel_shape with two sizes");
        var window = Window.Of(context.Attributes, height, width);
        // A window in the padding alone has no largest element; ONNX Runtime refuses such pads too.
        if (window.Pads.Where((pad, side) => pad >= window.Kernel[side % 2]).Any())
            throw context.Error($"takes pads below its kernel [{height},{width}]; got [{string.Join(",", window.Pads)}]");
        var image = context.Shape(0);
        var pooled = new Shape(image[0], image[1], window.Output(0, image[2].Size), window.Output(1, image[3].Size));
        return [new(context.Type(0), pooled), new(ElementType.Int64, pooled)];
    }

    public static TensorType[] InstanceNormalization(InferenceContext context)
    {
        context.RequireInputs(3, 3);
        context.RequireFloating(0);
        var shape = context.Shape(0);
        if (shape.Rank < 3)
            throw context.Error($"takes [N,C,D1,...] as input 0; got {shape}");
        foreach (var index in (ReadOnlySpan<int>)[1, 2])
        {
            if (!context.Shape(index).Equals(new Shape(shape[1])))
                throw context.Error($"takes [{shape[1]}] as input {index}; got {context.Shape(index)}");
        }
        return [new(context.Type(0), shape)];
    }

    /// <summary>LayerNormalization has three outputs: the normalised values, and of each row its mean and 1 / standard deviation, which ONNX Runtime's
    /// training builds take for its gradient.</summary>
    public static TensorType[] LayerNormalization(InferenceContext context)
    {
        context.RequireInputs(2, 2);
        context.RequireFloating(0);
        context.RequireSameType(0, 1);
        var shape = context.Shape(0);
        if (shape.Rank < 1 || !context.Shape(1).Equals(new Shape(shape[shape.Rank - 1])))
            throw context.Error($"takes a scale of the last axis of input 0, {shape}; got {context.Shape(1)}");
        if (context.Attributes.Integer("axis", -1) != -1)
            throw context.Error("is supported along the last axis only: axis -1");
        var rows = new Shape([.. shape.Dimensions.SkipLast(1), 1]);
        return [new(context.Type(0), shape), new(context.Type(0), rows), new(context.Type(0), rows)];
    }
}
