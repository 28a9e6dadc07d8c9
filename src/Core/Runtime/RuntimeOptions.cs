using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace BiT.Core.Runtime;

/// <summary>How ONNX Runtime sessions are made.</summary>
public sealed record RuntimeOptions
{
    /// <summary>ONNX Runtime's own provider, which is always there.</summary>
    public const string Cpu = "cpu";

    /// <summary>The provider that this build is made for: <c>cpu</c>, or <c>cuda:0</c> for the gpu flavour.</summary>
    public static string DefaultExecutionProvider { get; } = typeof(RuntimeOptions).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(entry => entry.Key == nameof(DefaultExecutionProvider)).Value!;

    /// <summary><c>cpu</c> or <c>cuda:N</c>, N the device number.</summary>
    public string ExecutionProvider { get; init; } = DefaultExecutionProvider;

    /// <summary>If the provider cannot be loaded: false fails with the cure, true logs and uses the CPU.</summary>
    public bool FallBackToCpu { get; init; }

    /// <summary>Threads inside an operator; 0 means <see cref="Environment.ProcessorCount"/>, which follows a container's quota
    /// where ONNX Runtime's own default does not.</summary>
    [Range(0, 1024)]
    public int IntraOpThreads { get; init; }

    /// <summary>Whether this process's own kernels are used on the CPU, where a graph has operators for them. Off runs plain operators only.</summary>
    public bool ManagedKernels { get; init; } = true;

    /// <summary>Whether idle threads of the pool spin. Off leaves the cores to other processes on the same machine.</summary>
    public bool AllowSpinning { get; init; }

    /// <summary>Begin of the path of a file with ONNX Runtime's profile, written when the session ends; null for none. Not configurable: for measurements.</summary>
    internal string? ProfilePrefix { get; init; }
}
