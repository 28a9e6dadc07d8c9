using System.Diagnostics;
using System.Text.Json;
using BiT.Core.Runtime;

namespace BiT.Tests.Unit.Repository;

/// <summary>The three flavours, read from the projects as MSBuild evaluates them: nothing is restored or built.</summary>
public sealed class OnnxRuntimeFlavourTests
{
    [Fact]
    public async Task Flavours_DifferInThePackageAndTheDefaultProviderOnly()
    {
        var cpu = await EvaluateAsync("cpu");
        var gpu = await EvaluateAsync("gpu");
        var training = await EvaluateAsync("training");

        Assert.Equal(["Microsoft.ML.OnnxRuntime"], cpu.Packages.Except(gpu.Packages));
        Assert.Equal(["Microsoft.ML.OnnxRuntime.Gpu"], gpu.Packages.Except(cpu.Packages));
        Assert.Equal(["Microsoft.ML.OnnxRuntime.Managed", "Microsoft.ML.OnnxRuntime.Training"], training.Packages.Except(cpu.Packages));
        Assert.DoesNotContain("Microsoft.ML.OnnxRuntime", training.Packages);
        Assert.Equal(cpu.RuntimeVersion, gpu.RuntimeVersion);
        Assert.Equal("1.19.2", training.RuntimeVersion);
        Assert.Equal(("cpu", "cuda:0", "cpu"), (cpu.Provider, gpu.Provider, training.Provider));
        Assert.All([gpu, training], other => Assert.Equal((cpu.Constants, string.Join(" ", cpu.Sources)), (other.Constants, string.Join(" ", other.Sources))));
        Assert.Equal("cpu", RuntimeOptions.DefaultExecutionProvider);
        Assert.False(TrainingRuntime.IsAvailable);
    }

    private static async Task<Flavour> EvaluateAsync(string flavour)
    {
        var project = Path.Combine(RepositoryRoot.Path, "src", "Core", "BiT.Core.csproj");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [
            "msbuild", project, $"-p:OnnxRuntimeFlavor={flavour}", "-getItem:PackageReference", "-getItem:Compile",
            "-getProperty:DefaultExecutionProvider", "-getProperty:DefineConstants", "-getProperty:OnnxRuntimeVersion"]) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, text);
        using var json = JsonDocument.Parse(text);
        var items = json.RootElement.GetProperty("Items");
        var properties = json.RootElement.GetProperty("Properties");
        return new Flavour(Identities(items, "PackageReference"), Identities(items, "Compile"), properties.GetProperty("DefaultExecutionProvider").GetString()!,
            properties.GetProperty("DefineConstants").GetString()!, properties.GetProperty("OnnxRuntimeVersion").GetString()!);
    }

    private sealed record Flavour(string[] Packages, string[] Sources, string Provider, string Constants, string RuntimeVersion);

    private static string[] Identities(JsonElement items, string name) =>
        [.. items.GetProperty(name).EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!).Order(StringComparer.Ordinal)];
}
