namespace BiT.Graphs;

/// <summary>One method per operator. Semantics are those of ONNX opset 18.</summary>
public sealed partial class GraphBuilder
{
    public Value Add(Value left, Value right) => One("Add", left, right);

    public Value Sub(Value left, Value right) => One("Sub", left, right);

    public Value Mul(Value left, Value right) => One("Mul", left, right);

    public Value Div(Value left, Value right) => One("Div", left, right);

    public Value Equal(Value left, Value right) => One("Equal", left, right);

    public Value Greater(Value left, Value right) => One("Greater", left, right);

    /// <summary><paramref name="whenTrue"/> where <paramref name="condition"/> holds, else <paramref name="whenFalse"/>; broadcasts.</summary>
    public Value Where(Value condition, Value whenTrue, Value whenFalse) => One("Where", condition, whenTrue, whenFalse);

    public Value Cast(Value input, ElementType to) => Append("Cast", [input], Attributes.None.With("to", (long)to)).Outputs[0];

    public Value Neg(Value input) => One("Neg", input);

    public Value Sqrt(Value input) => One("Sqrt", input);

    public Value Reciprocal(Value input) => One("Reciprocal", input);

    public Value Exp(Value input) => One("Exp", input);

    public Value Log(Value input) => One("Log", input);

    public Value Relu(Value input) => One("Relu", input);

    /// <summary>-1, 0 or 1.</summary>
    public Value Sign(Value input) => One("Sign", input);

    /// <summary>Logical negation of a boolean tensor.</summary>
    public Value Not(Value input) => One("Not", input);

    public Value Identity(Value input) => One("Identity", input);

    /// <summary>Logarithm of the softmax over one axis.</summary>
    public Value LogSoftmax(Value input, int axis) => Append("LogSoftmax", [input], Attributes.None.With("axis", axis)).Outputs[0];

    /// <summary>1 at the class index, 0 elsewhere: int64 [..] to float32 [.., depth].</summary>
    public Value OneHot(Value indices, long depth) =>
        One("OneHot", indices, Constant(Tensor.Of(depth)), Constant(Tensor.Of(Shape.Of(2), [0f, 1f])));

    public Value ReduceSum(Value input, bool keepDimensions, params long[] axes) => Reduce("ReduceSum", input, keepDimensions, axes);

    public Value ReduceMean(Value input, bool keepDimensions, params long[] axes) => Reduce("ReduceMean", input, keepDimensions, axes);

    /// <summary>Reinterprets the elements, row-major. A symbolic dimension must be at the same axis in input and target.</summary>
    public Value Reshape(Value input, Shape target)
    {
        var sizes = new long[target.Rank];
        for (var axis = 0; axis < target.Rank; axis++)
        {
            if (target[axis].IsStatic)
                sizes[axis] = target[axis].Size;
            else if (axis < input.Shape.Rank && input.Shape[axis] == target[axis])
                sizes[axis] = 0;
            else
                throw new GraphException($"Reshape keeps symbolic dimensions at their axis; {input.Shape} to {target} moves {target[axis]}.");
        }
        return One("Reshape", input, Constant(Tensor.Of(sizes)));
    }

    /// <summary>Reinterprets the elements, row-major, in the shape of another value. The shape is read when the program runs.</summary>
    public Value ReshapeLike(Value input, Value like) => One("Reshape", input, One("Shape", like));

    /// <summary>Broadcasts to the shape of another value, read when the program runs.</summary>
    public Value ExpandLike(Value input, Value like) => One("Expand", input, One("Shape", like));

    public Value Transpose(Value input, params long[] permutation) =>
        Append("Transpose", [input], Attributes.None.With("perm", permutation)).Outputs[0];

    /// <summary>Takes <c>start, start + step, ...</c> before <paramref name="end"/> on one axis.</summary>
    public Value Slice(Value input, int axis, long start, long end, long step = 1) => Slice(input, [axis], [start], [end], [step]);

    public Value Slice(Value input, long[] axes, long[] starts, long[] ends, long[] steps) =>
        One("Slice", input, Constant(Tensor.Of(starts)), Constant(Tensor.Of(ends)), Constant(Tensor.Of(axes)), Constant(Tensor.Of(steps)));

    public Value Concat(int axis, params IReadOnlyList<Value> inputs) => Append("Concat", inputs, Attributes.None.With("axis", axis)).Outputs[0];

    /// <summary>Broadcasts to a static shape.</summary>
    public Value Expand(Value input, Shape shape) => One("Expand", input, Constant(Tensor.Of(shape.Sizes)));

    /// <summary>Surrounds with zeros.</summary>
    /// <param name="pads">Zeros before each axis, then zeros behind each axis.</param>
    public Value Pad(Value input, params long[] pads) => One("Pad", input, Constant(Tensor.Of(pads)));

    /// <summary>Entries of one axis by int64 index.</summary>
    public Value Gather(Value data, Value indices, int axis) => Append("Gather", [data, indices], Attributes.None.With("axis", axis)).Outputs[0];

    /// <summary>Adds updates to copies of the data at int64 indices along one axis.</summary>
    public Value ScatterAdd(Value data, Value indices, Value updates, int axis) =>
        Append("ScatterElements", [data, indices, updates], Attributes.None.With("axis", axis).With("reduction", "add")).Outputs[0];

    public Value MatMul(Value left, Value right) => One("MatMul", left, right);

    /// <summary>Two-dimensional convolution, [N,I,H,W] with [O,I,kh,kw].</summary>
    /// <param name="pads">Top, left, bottom, right; null for none.</param>
    public Value Conv(Value image, Value kernel, long stride = 1, long[]? pads = null) =>
        Append("Conv", [image, kernel], WindowAttributes(stride, pads, kernel.Shape)).Outputs[0];

    /// <summary>Transposed convolution, [N,O,H,W] with [O,I,kh,kw]: the gradient of <see cref="Conv"/> by its image.</summary>
    /// <param name="outputPadding">Rows and columns added at the end, below the stride.</param>
    public Value ConvTranspose(Value image, Value kernel, long[] strides, long[] pads, long[] outputPadding) =>
        Append("ConvTranspose", [image, kernel], Attributes.None.With("strides", strides).With("pads", pads)
            .With("output_padding", outputPadding).With("kernel_shape", kernel.Shape.Sizes[2..])).Outputs[0];

    /// <summary>Largest element per window; pads never win.</summary>
    public Value MaxPool(Value image, long kernel, long stride, long[]? pads = null) =>
        Append("MaxPool", [image], Attributes.None.With("kernel_shape", kernel, kernel).With("strides", stride, stride).With("pads", pads ?? [0, 0, 0, 0])).Outputs[0];

    /// <summary>Normalises each [n, c] over the remaining axes with biased variance, then scales and shifts per c.</summary>
    public Value InstanceNormalization(Value input, Value scale, Value bias, float epsilon) =>
        Append("InstanceNormalization", [input, scale, bias], Attributes.None.With("epsilon", epsilon)).Outputs[0];

    /// <summary>Normalises along the last axis with biased variance, then scales. ONNX Runtime computes it in one pass: docs/decisions/0004.</summary>
    /// <param name="input">Of rank 1 or more.</param>
    /// <param name="scale">[size of the last axis].</param>
    /// <param name="epsilon">Added to the variance.</param>
    public Value LayerNormalization(Value input, Value scale, float epsilon) =>
        Append("LayerNormalization", [input, scale], Attributes.None.With("axis", -1).With("epsilon", epsilon)).Outputs[0];

    private static Attributes WindowAttributes(long stride, long[]? pads, Shape kernel) => Attributes.None
        .With("strides", stride, stride).With("pads", pads ?? [0, 0, 0, 0]).With("kernel_shape", kernel.Sizes[2..]);

    private Value Reduce(string @operator, Value input, bool keepDimensions, long[] axes) =>
        Append(@operator, [input, Constant(Tensor.Of(axes))], Attributes.None.With("keepdims", keepDimensions ? 1L : 0L)).Outputs[0];

    private Value One(string @operator, params Value[] inputs) => Append(@operator, inputs).Outputs[0];
}
