using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Core.Runtime.Kernels;

/// <summary>The operators that this process computes itself, as ONNX Runtime sees them.</summary>
internal static unsafe class KernelDomain
{
    /// <summary>Operator domain of the kernels, and of the functions of the same name in written graphs.</summary>
    public const string Name = "bit";

    /// <summary>All kernels.</summary>
    public static IReadOnlyList<KernelDefinition> Kernels { get; } =
    [
        GroupNormKernels.Forward,
        GroupNormKernels.Backward,
        GroupNormKernels.BackwardAdd,
        StandardizationKernels.Forward,
        StandardizationKernels.Backward,
        MomentumKernel.Definition,
        TurnKernelKernel.Definition,
        MaxPoolGradientKernel.Definition,
        .. KernelGradientKernel.Definitions,
        .. ConvolutionKernels.Forward,
        .. ConvolutionKernels.InputGradient,
    ];

    // ONNX Runtime keeps the pointers: allocated once, for the life of the process. Behind Kernels: initialisers run in the order of the text.
    private static readonly nint Domain = Create();

    /// <summary>Lets sessions made from the options use the kernels. To be called once per options object: ONNX Runtime refuses a domain that is
    /// added twice.</summary>
    public static void Register(SessionOptions options) => NativeRuntime.AddDomain(options, Domain);

    private static nint Create()
    {
        var domain = NativeRuntime.CreateDomain((byte*)Marshal.StringToCoTaskMemUTF8(Name));
        foreach (var kernel in Kernels)
            NativeRuntime.AddOperator(domain, CustomOperator.Create(kernel));
        return domain;
    }
}
