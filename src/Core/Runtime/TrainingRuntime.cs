using System.Reflection;

namespace BiT.Core.Runtime;

/// <summary>Whether this program was built with ONNX Runtime Training. Its managed and native libraries are of release 1.19.2 both, and it runs
/// without this project's kernels. See docs/ort-training.md.</summary>
public static class TrainingRuntime
{
    private const string Flavour = "training";

    /// <summary>True for the flavour <c>training</c>.</summary>
    public static bool IsAvailable { get; } = typeof(TrainingRuntime).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(entry => entry.Key == "OnnxRuntimeFlavor").Value == Flavour;

    /// <exception cref="TrainingRuntimeException">This is another build.</exception>
    public static void Require()
    {
        if (!IsAvailable)
        {
            throw new TrainingRuntimeException("The engine ort-training was asked for, and this trainer was built without ONNX Runtime Training. "
                + $"Build the trainer with -p:OnnxRuntimeFlavor={Flavour} (see docs/ort-training.md), or leave the engine out.");
        }
    }
}

/// <summary>ONNX Runtime Training is not part of this build.</summary>
public sealed class TrainingRuntimeException(string message) : Exception(message);
