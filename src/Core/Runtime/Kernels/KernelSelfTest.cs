using Microsoft.ML.OnnxRuntime;

namespace BiT.Core.Runtime.Kernels;

/// <summary>Runs a small model that uses every kernel, once with the kernels and once with the bodies of plain operators, and compares.</summary>
/// <remarks>The model is a resource; a test of the repository writes it and keeps it complete.</remarks>
internal static class KernelSelfTest
{
    public const string ModelResource = "self-test.onnx";

    // Both compute in float32 and round differently: some thousand operations of 2^-24 each.
    private const double Tolerance = 1e-3;

    private static readonly Lazy<string?> Failure = new(() => Compare(ReadModel()));
    private static int _logged;

    /// <summary>Whether the kernels work in this process. The test runs once.</summary>
    /// <param name="log">Receives one line per process if they do not.</param>
    public static bool Passes(Action<string>? log)
    {
        if (Failure.Value is not { } failure)
            return true;
        if (log is not null && Interlocked.Exchange(ref _logged, 1) == 0)
            log($"The managed kernels failed their self-test and are not used, so that training is slower: {failure}");
        return false;
    }

    /// <summary>What is wrong with the kernels, or null.</summary>
    internal static string? Compare(byte[] model)
    {
        try
        {
            using var withKernels = SessionFactory.OpenForSelfTest(model, withKernels: true);
            using var plain = SessionFactory.OpenForSelfTest(model, withKernels: false);
            var inputs = plain.InputMetadata.Select((input, index) => NamedOnnxValue.CreateFromTensor(input.Key, Numbers(input.Value.Dimensions, index))).ToArray();
            using var actual = withKernels.Run(inputs);
            using var expected = plain.Run(inputs);
            return expected.Zip(actual, (one, other) => Difference(one.Name, one.AsEnumerable<float>(), other.AsEnumerable<float>())).OfType<string>().FirstOrDefault();
        }
        catch (Exception problem) when (problem is OnnxRuntimeException or InvalidOperationException or NotSupportedException or EntryPointNotFoundException
            or DllNotFoundException or TypeInitializationException)
        {
            return problem.Message;
        }
    }

    private static byte[] ReadModel()
    {
        using var stream = typeof(KernelSelfTest).Assembly.GetManifestResourceStream(ModelResource)
            ?? throw new InvalidOperationException($"The resource {ModelResource} is missing.");
        var model = new byte[stream.Length];
        stream.ReadExactly(model);
        return model;
    }

    // Without a pattern, of both signs, always the same.
    private static Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<float> Numbers(int[] sizes, int seed)
    {
        var numbers = new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<float>(sizes);
        var values = numbers.Buffer.Span;
        for (var index = 0; index < values.Length; index++)
            values[index] = (float)Math.Sin((index + 1) * 12.9898 + seed * 78.233);
        return numbers;
    }

    private static string? Difference(string name, IEnumerable<float> expected, IEnumerable<float> actual)
    {
        var (numbers, results) = (expected.ToArray(), actual.ToArray());
        if (numbers.Length != results.Length)
            return $"output {name} has {results.Length} elements, its plain form {numbers.Length}";
        // The inputs are harmless numbers. Max would pass over NaN.
        if (!results.All(float.IsFinite))
            return $"output {name} is not finite";
        var pairs = numbers.Zip(results).ToArray();
        var largest = Math.Max(1, pairs.Max(pair => Math.Abs(pair.First)));
        var worst = pairs.Max(pair => Math.Abs((double)pair.First - pair.Second));
        return worst <= Tolerance * largest ? null : $"output {name} differs from its plain form by {worst:G3}, of {largest:G3}";
    }
}
