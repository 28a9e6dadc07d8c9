using System.Diagnostics;
using System.Text.Json;
using BiT.Core.Runtime;

namespace BiT.Tests.Unit.Repository;

/// <summary>The two flavours, read from the projects as MSBuild evaluates them: nothing is restored or built.</summary>
public sealed class OnnxRuntimeFlavourTests
{
    [Fact]
    public async Task Flavours_DifferInThePackageAndTheDefaultProviderOnly()
    {
        var cpu = await EvaluateAsync("cpu");
        var gpu = await EvaluateAsync("gpu");

        Assert.Equal(["Microsoft.ML.OnnxRuntime"], cpu.Packages.Except(gpu.Packages));
        Assert.Equal(["Microsoft.ML.OnnxRuntime.Gpu"], gpu.Packages.Except(cpu.Packages));
        Assert.Equal(("cpu", "cuda:0"), (cpu.Provider, gpu.Provider));
        Assert.Equal(cpu.Constants, gpu.Constants);
        Assert.Equal(cpu.Sources, gpu.Sources);
        Assert.Equal("cpu", RuntimeOptions.DefaultExecutionProvider);
    }

    private static async Task<(string[] Packages, string[] Sources, string Provider, string Constants)> EvaluateAsync(string flavour)
    {
        var project = Path.Combine(RepositoryRoot.Path, "src", "Core", "BiT.Core.csproj");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [
            "msbuild", project, $"-p:OnnxRuntimeFlavor={flavour}", "-getItem:PackageReference", "-getItem:Compile",
            "-getProperty:DefaultExecutionProvider", "-getProperty:DefineConstants"]) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, text);
        using var json = JsonDocument.Parse(text);
        var items = json.RootElement.GetProperty("Items");
        var properties = json.RootElement.GetProperty("Properties");
        return (Identities(items, "PackageReference"), Identities(items, "Compile"),
            properties.GetProperty("DefaultExecutionProvider").GetString()!, properties.GetProperty("DefineConstants").GetString()!);
    }

    private static string[] Identities(JsonElement items, string name) =>
        [.. items.GetProperty(name).EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!).Order(StringComparer.Ordinal)];
}
