using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using BiT.Tests.Unit.Graphs.Reference;
using BiT.Tests.Unit.Graphs.Serialization;

namespace BiT.Tests.Unit.Runtime.Kernels;

/// <summary>The bits of a kernel's result depend on its inputs alone: not on threads, nor on the width of the machine's vectors.</summary>
public sealed class KernelBitsTests
{
    private const string OutputVariable = "BIT_KERNEL_BITS_FILE";

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Results_OnSeveralThreads_AreThoseOfOneThread(int threads) => Assert.Equal(Hash(threads: 1), Hash(threads));

    /// <summary>.NET's switches leave out instruction sets: 256 bits, 128 bits, none.</summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public async Task Results_WithNarrowerVectors_HaveTheSameBits(string variable)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "hash");
        var start = new ProcessStartInfo("dotnet", [
            typeof(KernelBitsTests).Assembly.Location, "-method", $"{typeof(KernelBitsTests).FullName}.{nameof(Results_Repeated_HaveTheSameBits)}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[variable] = "0";
        start.Environment[OutputVariable] = file;
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet was not started.");
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(File.Exists(file), $"{await output}{await error}");
        Assert.Equal(Hash(threads: 1), File.ReadAllText(file));
    }

    /// <summary>Also what the test above runs in another process, which then notes the bits.</summary>
    [Fact]
    public void Results_Repeated_HaveTheSameBits()
    {
        var bits = Hash(threads: 1);
        Assert.Equal(bits, Hash(threads: 1));
        if (Environment.GetEnvironmentVariable(OutputVariable) is { } file)
            File.WriteAllText(file, bits);
    }

    private static string Hash(int threads)
    {
        var graph = SelfTestProgram.Build();
        var random = new Random(5);
        var data = graph.Inputs.ToDictionary(input => input.Name ?? "", input =>
            ReferenceTensor.Compute(input.Type, input.Shape.Sizes, _ => (float)(random.NextDouble() * 2 - 1)));
        var results = OnnxRuntimeProgram.Run(graph, data, withKernels: true, threads);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, result) in results.OrderBy(result => result.Key, StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes<double>(result.Values));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
