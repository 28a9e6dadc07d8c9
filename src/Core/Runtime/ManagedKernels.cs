using BiT.Core.Runtime.Kernels;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Core.Runtime;

/// <summary>The project's own kernels inside of ONNX Runtime: fused operators on the CPU, written in C#.</summary>
/// <remarks>A graph that has such operators carries a body of plain operators for each, so that it runs without the kernels too. See
/// docs/decisions/0008.</remarks>
public static class ManagedKernels
{
    /// <summary>Counts up when a kernel computes other bits than before.</summary>
    public const int Version = 2;

    /// <summary>Whether sessions with these options use the kernels: the options ask for them, the provider is the CPU, the build is not that of
    /// ONNX Runtime Training, and the self-test of this process passed.</summary>
    /// <param name="options">Provider and setting.</param>
    /// <param name="log">Receives one line per process if the self-test failed.</param>
    public static bool AreUsed(RuntimeOptions options, Action<string>? log = null) =>
        options.ManagedKernels && !TrainingRuntime.IsAvailable && SessionFactory.ParseProvider(options.ExecutionProvider) is null && KernelSelfTest.Passes(log);

    internal static void Register(SessionOptions sessionOptions) => KernelDomain.Register(sessionOptions);
}
