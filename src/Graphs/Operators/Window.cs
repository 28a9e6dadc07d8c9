namespace BiT.Graphs.Operators;

/// <summary>A two-dimensional sliding window: kernel, strides, dilations, and pads as ONNX orders them (top, left, bottom, right).</summary>
internal sealed record Window(long[] Kernel, long[] Strides, long[] Pads, long[] Dilations)
{
    public static Window Of(Attributes attributes, long kernelHeight, long kernelWidth)
    {
        var window = new Window([kernelHeight, kernelWidth], attributes.Integers("strides", 1, 1), attributes.Integers("pads", 0, 0, 0, 0),
            attributes.Integers("dilations", 1, 1));
        if (window.Strides is not [> 0, > 0] || window.Dilations is not [> 0, > 0] || window.Pads is not [>= 0, >= 0, >= 0, >= 0])
        {
            throw new GraphException($"A window has 2 strides and 2 dilations of 1 or more and 4 pads of 0 or more; got strides "
                + $"[{string.Join(",", window.Strides)}], dilations [{string.Join(",", window.Dilations)}], pads [{string.Join(",", window.Pads)}].");
        }
        if (attributes.Text("auto_pad", "NOTSET") != "NOTSET" || attributes.Integer("ceil_mode", 0) != 0)
            throw new GraphException("A window is supported with auto_pad NOTSET and ceil_mode 0 only: give the pads.");
        return window;
    }

    /// <summary>Positions of the window over an input of the given length.</summary>
    public long Output(int axis, long inputLength)
    {
        var extent = (Kernel[axis] - 1) * Dilations[axis] + 1;
        var padded = inputLength + Pads[axis] + Pads[axis + 2];
        return padded >= extent
            ? (padded - extent) / Strides[axis] + 1
            : throw new GraphException($"A window of {extent} does not fit into {inputLength} padded to {padded}.");
    }

    /// <summary>The smallest input length that gives this many positions: a transposed convolution's output.</summary>
    public long Input(int axis, long outputLength) =>
        (outputLength - 1) * Strides[axis] + (Kernel[axis] - 1) * Dilations[axis] + 1 - Pads[axis] - Pads[axis + 2];
}
