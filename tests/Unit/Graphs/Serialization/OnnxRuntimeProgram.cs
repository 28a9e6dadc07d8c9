using BiT.Core.Runtime.Kernels;
using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Tests.Unit.Graphs.Reference;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BiT.Tests.Unit.Graphs.Serialization;

/// <summary>Runs a written program on stock ONNX Runtime, with data and results in the evaluator's form.</summary>
internal static class OnnxRuntimeProgram
{
    /// <param name="graph">The program.</param>
    /// <param name="inputs">By name.</param>
    /// <param name="withKernels">Whether the session has the managed kernels; without them fused operators run by their bodies.</param>
    /// <param name="threads">Threads inside of an operator.</param>
    public static IReadOnlyDictionary<string, ReferenceTensor> Run(
        Graph graph, IReadOnlyDictionary<string, ReferenceTensor> inputs, bool withKernels = false, int threads = 1)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        if (withKernels)
            KernelDomain.Register(options);
        using var session = new InferenceSession(OnnxWriter.ToBytes(graph), options);
        return Run(session, inputs);
    }

    public static IReadOnlyDictionary<string, ReferenceTensor> Run(
        InferenceSession session, IReadOnlyDictionary<string, ReferenceTensor> inputs)
    {
        using var results = session.Run([.. session.InputMetadata.Keys.Select(name => ToValue(name, inputs[name]))]);
        return results.ToDictionary(result => result.Name, result => FromValue(result.Value));
    }

    private static NamedOnnxValue ToValue(string name, ReferenceTensor tensor)
    {
        int[] sizes = [.. tensor.Sizes.Select(size => (int)size)];
        return tensor.Type switch
        {
            ElementType.Float32 =>
                NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(tensor.Values.Select(value => (float)value).ToArray(), sizes)),
            ElementType.Int64 => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<long>(tensor.ToInt64s(), sizes)),
            ElementType.Bool =>
                NamedOnnxValue.CreateFromTensor(name, new DenseTensor<bool>(tensor.Values.Select(value => value != 0).ToArray(), sizes)),
            ElementType.UInt8 =>
                NamedOnnxValue.CreateFromTensor(name, new DenseTensor<byte>(tensor.Values.Select(value => (byte)value).ToArray(), sizes)),
            _ => throw new ArgumentException($"Inputs of type {tensor.Type} are not passed on."),
        };
    }

    private static ReferenceTensor FromValue(object value) => value switch
    {
        DenseTensor<float> tensor => Convert(ElementType.Float32, tensor, element => element),
        DenseTensor<double> tensor => Convert(ElementType.Float64, tensor, element => element),
        DenseTensor<long> tensor => Convert(ElementType.Int64, tensor, element => element),
        DenseTensor<bool> tensor => Convert(ElementType.Bool, tensor, element => element ? 1 : 0),
        _ => throw new ArgumentException($"Outputs of type {value.GetType()} are not read."),
    };

    private static ReferenceTensor Convert<T>(ElementType type, DenseTensor<T> tensor, Func<T, double> convert) =>
        new(type, [.. tensor.Dimensions.ToArray().Select(size => (long)size)], [.. tensor.ToArray().Select(convert)]);
}
