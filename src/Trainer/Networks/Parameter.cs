using BiT.Graphs;

namespace BiT.Training.Networks;

/// <summary>What a weight array is, which decides its initial values and whether it is standardised or decayed.</summary>
public enum ParameterKind
{
    /// <summary>Kernel of a weight-standardised convolution.</summary>
    Kernel,

    /// <summary>Scale of a GroupNorm.</summary>
    Gamma,

    /// <summary>Shift of a GroupNorm.</summary>
    Beta,
    HeadKernel,
    HeadBias,
}

/// <summary>One trainable array.</summary>
/// <param name="Name">Key in the official npz files.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Sizes">Shape in the graph: [O,I,kh,kw] for kernels, [C] otherwise.</param>
public sealed record Parameter(string Name, ParameterKind Kind, IReadOnlyList<int> Sizes)
{
    /// <summary>Shape in the graph.</summary>
    public Shape Shape => new(Sizes.Select(size => Dimension.Of(size)));

    public int ElementCount => Sizes.Aggregate(1, (count, size) => checked(count * size));

    public bool IsKernel => Kind is ParameterKind.Kernel or ParameterKind.HeadKernel;

    public bool IsHead => Kind is ParameterKind.HeadKernel or ParameterKind.HeadBias;

    /// <summary>Shape in an npz file: [kh,kw,I,O] for kernels, [C] otherwise.</summary>
    public IReadOnlyList<int> NpzSizes => Sizes is [var o, var i, var h, var w] ? [h, w, i, o] : Sizes;
}

/// <summary>Lists the trainable arrays of a network, in one fixed order: it is the order of the graphs' inputs and of npz files.</summary>
public static class NetworkParameters
{
    public const string HeadKernelName = "resnet/head/conv2d/kernel";
    public const string HeadBiasName = "resnet/head/conv2d/bias";

    /// <param name="network">The network.</param>
    /// <param name="classCount">Classes of the head; 0 for a backbone without a head.</param>
    public static IReadOnlyList<Parameter> List(BitNetwork network, int classCount)
    {
        var parameters = new List<Parameter> { Kernel("resnet/root_block", network.RootWidth, 3, 7) };
        foreach (var unit in network.Units())
        {
            parameters.AddRange(Norm($"{unit.Name}/a", unit.InputChannels));
            parameters.Add(Kernel($"{unit.Name}/a", unit.MiddleChannels, unit.InputChannels, 1));
            if (unit.HasProjection)
                parameters.Add(Kernel($"{unit.Name}/a/proj", unit.OutputChannels, unit.InputChannels, 1));
            parameters.AddRange(Norm($"{unit.Name}/b", unit.MiddleChannels));
            parameters.Add(Kernel($"{unit.Name}/b", unit.MiddleChannels, unit.MiddleChannels, 3));
            parameters.AddRange(Norm($"{unit.Name}/c", unit.MiddleChannels));
            parameters.Add(Kernel($"{unit.Name}/c", unit.OutputChannels, unit.MiddleChannels, 1));
        }
        parameters.AddRange(Norm("resnet", network.FeatureCount));
        if (classCount > 0)
            parameters.AddRange(Head(network.FeatureCount, classCount));
        return parameters;
    }

    /// <summary>The two arrays of a head.</summary>
    public static IReadOnlyList<Parameter> Head(int featureCount, int classCount) =>
    [
        new(HeadKernelName, ParameterKind.HeadKernel, [classCount, featureCount, 1, 1]),
        new(HeadBiasName, ParameterKind.HeadBias, [classCount]),
    ];

    private static Parameter Kernel(string prefix, int output, int input, int size) =>
        new($"{prefix}/standardized_conv2d/kernel", ParameterKind.Kernel, [output, input, size, size]);

    private static IEnumerable<Parameter> Norm(string prefix, int channels) =>
    [
        new($"{prefix}/group_norm/gamma", ParameterKind.Gamma, [channels]),
        new($"{prefix}/group_norm/beta", ParameterKind.Beta, [channels]),
    ];
}
