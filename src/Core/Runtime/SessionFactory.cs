using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Core.Runtime;

/// <summary>Makes ONNX Runtime sessions from <see cref="RuntimeOptions"/>; the only place that configures them.</summary>
public static class SessionFactory
{
    static SessionFactory() => OnnxRuntimeTelemetry.Disable();

    /// <summary>Version of the loaded ONNX Runtime.</summary>
    public static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>Opens a model file.</summary>
    /// <param name="modelPath">An ONNX file; external data is looked for beside it.</param>
    /// <param name="options">Provider and threads.</param>
    /// <param name="log">Receives one line if a fallback happened.</param>
    /// <exception cref="ExecutionProviderException">The provider is unknown or cannot be loaded, and no fallback is allowed.</exception>
    /// <exception cref="OnnxRuntimeException">The file is not a model that ONNX Runtime can run.</exception>
    public static InferenceSession Open(string modelPath, RuntimeOptions options, Action<string>? log = null)
    {
        using var sessionOptions = CreateOptions(options, log);
        return new InferenceSession(modelPath, sessionOptions);
    }

    /// <summary>Opens a model that runs again and again on inputs of one size and keeps much in memory: a training graph.</summary>
    /// <inheritdoc cref="Open"/>
    /// <remarks>Without memory patterns: after its first run, ONNX Runtime would lay out a second run in one block, beside the pieces that the first one
    /// left in the arena, and nothing gives those back. Measured in bench/results: the peak falls by a third, the time stays.</remarks>
    public static InferenceSession OpenForTraining(string modelPath, RuntimeOptions options, Action<string>? log = null)
    {
        using var sessionOptions = CreateOptions(options, log);
        sessionOptions.EnableMemoryPattern = false;
        return new InferenceSession(modelPath, sessionOptions);
    }

    /// <summary>Opens a model for the kernels' self-test: one thread, no optimisation that could compute it beforehand.</summary>
    internal static InferenceSession OpenForSelfTest(byte[] model, bool withKernels)
    {
        using var sessionOptions = new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        if (withKernels)
            Kernels.KernelDomain.Register(sessionOptions);
        return new InferenceSession(model, sessionOptions);
    }

    /// <summary>Checks that sessions can be made with these options, without a model.</summary>
    /// <param name="options">Provider and threads.</param>
    /// <param name="log">Receives one line if a fallback happened.</param>
    /// <exception cref="ExecutionProviderException">The provider is unknown or cannot be loaded, and no fallback is allowed.</exception>
    public static void Check(RuntimeOptions options, Action<string>? log = null) => CreateOptions(options, log).Dispose();

    /// <summary>Options for a session that is not opened here: of ONNX Runtime Training.</summary>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static SessionOptions CreateOptions(RuntimeOptions options, Action<string>? log)
    {
        var deviceId = ParseProvider(options.ExecutionProvider);
        var sessionOptions = new SessionOptions
        {
            IntraOpNumThreads = options.IntraOpThreads > 0 ? options.IntraOpThreads : Environment.ProcessorCount,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        sessionOptions.AddSessionConfigEntry("session.intra_op.allow_spinning", options.AllowSpinning ? "1" : "0");
        if (options.ProfilePrefix is { } prefix)
            {
            // In this order: profiling is switched on with the prefix of that moment.
            sessionOptions.ProfileOutputPathPrefix = prefix;
            sessionOptions.EnableProfiling = true;
        }
        // session.set_denormal_as_zero stays off: it changes the calling thread's floating-point mode for good, and .NET's vectorised IndexOfMax,
        // which keeps indices in float registers, then answers 0.
        try
        {
            if (deviceId is { } device)
                AppendCuda(sessionOptions, device, options, log);
            if (ManagedKernels.AreUsed(options, log))
                ManagedKernels.Register(sessionOptions);
            return sessionOptions;
        }
        catch
        {
            sessionOptions.Dispose();
            throw;
        }
    }

    /// <summary>Checks a provider name without loading anything.</summary>
    /// <returns>The CUDA device number, or null for the CPU.</returns>
    /// <exception cref="ExecutionProviderException">The name is neither <c>cpu</c> nor <c>cuda:N</c>.</exception>
    public static int? ParseProvider(string provider)
    {
        if (provider == RuntimeOptions.Cpu)
            return null;
        if (provider == "cuda")
            return 0;
        if (provider.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(provider.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var device))
            return device;
        throw new ExecutionProviderException($"Execution provider '{provider}' is unknown. Use cpu or cuda:N with N the device number, for example cuda:0.");
    }

    private static void AppendCuda(SessionOptions sessionOptions, int device, RuntimeOptions options, Action<string>? log)
    {
        try
        {
            sessionOptions.AppendExecutionProvider_CUDA(device);
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            var message = failure is OnnxRuntimeException
                ? $"Execution provider cuda:{device} cannot be loaded: {failure.Message.Trim()} "
                    + "Install the driver and the CUDA and cuDNN versions that docs/gpu.md names, or use provider cpu."
                : $"Execution provider cuda:{device} cannot be loaded: this program was built with ONNX Runtime's CPU package. "
                    + "Build with -p:OnnxRuntimeFlavor=gpu (see docs/gpu.md), or use provider cpu.";
            if (!options.FallBackToCpu)
                throw new ExecutionProviderException(message, failure);
            log?.Invoke(message + " Continuing on the CPU, as configured.");
        }
    }
}

/// <summary>The configured execution provider is unknown or cannot be loaded.</summary>
public sealed class ExecutionProviderException : Exception
{
    public ExecutionProviderException(string message)
        : base(message)
    {
    }

    public ExecutionProviderException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
