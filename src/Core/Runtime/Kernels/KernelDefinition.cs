namespace BiT.Core.Runtime.Kernels;

/// <summary>Computes one node: reads its inputs from the context and writes its outputs there.</summary>
internal delegate void KernelFunction(KernelContext context);

/// <summary>Makes the function of one node from its attributes.</summary>
internal delegate KernelFunction KernelFactory(KernelAttributes attributes);

/// <summary>An operator that this process computes itself. All inputs and outputs are float32 tensors, and all are required.</summary>
/// <param name="Name">Operator name in the domain <see cref="KernelDomain.Name"/>.</param>
/// <param name="InputCount">Inputs of every node.</param>
/// <param name="OutputCount">Outputs of every node.</param>
/// <param name="Create">Makes the function of one node from its attributes, once per session. The function may run on several threads at
/// once.</param>
internal sealed record KernelDefinition(string Name, int InputCount, int OutputCount, KernelFactory Create)
{
    /// <summary>The input whose memory the first output may take if no other node reads it later; null for none. The kernel then reads an element of
    /// that input no more once it has written the output's element in its place.</summary>
    public int? InPlace { get; init; }
}

/// <summary>The attributes of a node, while its kernel is being created.</summary>
internal readonly ref struct KernelAttributes(nint info)
{
    private readonly nint _info = info;

    /// <exception cref="InvalidOperationException">The node has no such attribute.</exception>
    public float Real(string name) => NativeRuntime.FloatAttribute(_info, name);

    /// <exception cref="InvalidOperationException">The node has no such attribute.</exception>
    public long[] Integers(string name) => NativeRuntime.IntegersAttribute(_info, name);
}
