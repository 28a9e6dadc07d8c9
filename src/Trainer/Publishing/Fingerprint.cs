using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using BiT.Core.Runtime;

namespace BiT.Training.Publishing;

/// <summary>What decides the last bits of a result: equal fingerprints, equal plans and equal photos give equal weights.</summary>
internal static class Fingerprint
{
    public static string Of(RuntimeOptions options)
    {
        var vectors = Avx512F.IsSupported ? "avx512" : Avx2.IsSupported ? "avx2" : "base";
        var threads = options.IntraOpThreads > 0 ? options.IntraOpThreads : Environment.ProcessorCount;
        return $"onnxruntime {SessionFactory.RuntimeVersion}; {options.ExecutionProvider}; {threads} threads; "
            + $"{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()} {vectors}; "
            + (ManagedKernels.AreUsed(options) ? $"managed kernels {ManagedKernels.Version}" : "no managed kernels");
    }
}
