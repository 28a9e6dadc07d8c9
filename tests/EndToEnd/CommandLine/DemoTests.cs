using System.Diagnostics;
using System.Text.Json;

namespace BiT.Tests.EndToEnd.CommandLine;

/// <summary>The README's first command, shortened: real server, real trainer, drawn flowers.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task Demo_WithAFewSteps_AnswersWithOneJsonLineAndLeavesNothingBehind()
    {
        using var folder = new TemporaryFolder();
        var (code, output, log) = await RunAsync(folder.Path, "demo", "--recipe", "scratch", "--steps", "60", "--batch-size", "16", "--crop", "32", "--json");

        Assert.True(code == 0, log);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using var answer = JsonDocument.Parse(Assert.Single(lines));
        var root = answer.RootElement;
        Assert.Equal("models/demo/versions/1", root.GetProperty("model_version").GetString());
        // Sixty steps are enough to leave guessing (0.2) far behind.
        Assert.InRange(root.GetProperty("validation_accuracy").GetDouble(), 0.35, 1);
        Assert.Equal(root.GetProperty("validation_accuracy").GetDouble(), root.GetProperty("served_accuracy").GetDouble());
        Assert.True(root.GetProperty("images_per_second").GetDouble() > 0);
        Assert.True(root.GetProperty("seconds").GetDouble() > 0);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Demo_OnAFolderWithOneClass_IsRefusedBeforeAnythingStarts()
    {
        using var folder = new TemporaryFolder();
        var photos = Directory.CreateDirectory(Path.Combine(folder.Path, "photos", "only")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(photos, "a.png"), Serving.Drawings.Png(SkiaSharp.SKColors.Red), TestContext.Current.CancellationToken);

        var (code, _, log) = await RunAsync(folder.Path, "demo", "--data", Path.Combine(folder.Path, "photos"));

        Assert.Equal(5, code);
        Assert.Contains("class", log);
        Assert.Equal(["photos"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    // .NET's own diagnostics would leave sockets in the temporary folder.
    private static Task<ProgramRun> RunAsync(string temporaryFolder, params string[] arguments) => ProgramRun.ToItsEndAsync(
        new ProcessStartInfo("dotnet", [BuiltPrograms.Bit, .. arguments]) { Environment = { ["TMPDIR"] = temporaryFolder, ["DOTNET_EnableDiagnostics"] = "0" } });
}
