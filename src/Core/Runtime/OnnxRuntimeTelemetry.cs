using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Core.Runtime;

/// <summary>Keeps ONNX Runtime from reporting to its makers.</summary>
/// <remarks>Since 1.29 the official Linux binaries send events (model and graph names among them) to a collector, by default. A self-hosted
/// service sends nothing anywhere. The library reads ORT_DISABLE_TELEMETRY when its environment is made, so this comes first.</remarks>
internal static partial class OnnxRuntimeTelemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>Turns telemetry off for this process. To be called before anything else of ONNX Runtime.</summary>
    public static void Disable()
    {
        Environment.SetEnvironmentVariable(Variable, "1");
        // On Unix .NET keeps its own copy of the environment; native code reads libc's.
        if (!OperatingSystem.IsWindows() && SetVariable(Variable, "1", overwrite: 1) != 0)
            throw new InvalidOperationException($"{Variable} cannot be set, so ONNX Runtime would send telemetry. Set it in the environment of this process.");
        OrtEnv.Instance().DisableTelemetryEvents();
    }

    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
