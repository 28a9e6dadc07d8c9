using BiT.Core.Runtime;
using BiT.Training.Networks;

namespace BiT.Bench.Workloads;

/// <summary>What is measured: a network at one batch and image size.</summary>
/// <param name="Network">The network.</param>
/// <param name="Batch">Images of one run.</param>
/// <param name="Size">Side of the square images, in pixels.</param>
/// <param name="Runtime">Threads; the provider is the CPU.</param>
internal sealed record Workload(BitNetwork Network, int Batch, int Size, RuntimeOptions Runtime)
{
    /// <summary>Classes of the head: as a fine-tuned network has, so that the head weighs nothing.</summary>
    public const int ClassCount = 10;

    public RuntimeOptions WithKernels(bool managed) => Runtime with { ManagedKernels = managed };

    /// <exception cref="InvalidOperationException">The kernels are not used here, so there is nothing to compare.</exception>
    public void RequireKernels()
    {
        string? reason = null;
        if (!ManagedKernels.AreUsed(WithKernels(managed: true), line => reason = line))
            throw new InvalidOperationException($"The managed kernels do not run here, so there is nothing to measure. {reason}");
    }
}
