using System.ComponentModel;
using System.Diagnostics;
using BiT.Tests.Unit.Repository;

namespace BiT.Tests.Unit.OrtTraining;

/// <summary>Node and the pinned onnxruntime-web in tests/OrtTraining: installed once, by the first test that needs them.</summary>
internal static class JudgeInstallation
{
    private const int OldestNode = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly Lazy<string?> Absence = new(Install);

    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "tests", "OrtTraining");

    /// <summary>Skips the running test, with the reason, where the real runtime cannot be had.</summary>
    public static void SkipIfAbsent() => Assert.SkipWhen(Absence.Value is not null, $"The artifacts were NOT judged by the real ONNX Runtime Training: {Absence.Value}");

    private sealed record ToolRun(int Code, string Output);

    private static string? Install()
    {
        if (Run("node", "--version") is not { Code: 0 } node)
            return $"there is no Node. Install Node {OldestNode} or newer, with npm.";
        if (!int.TryParse(node.Output.TrimStart('v').Split('.')[0], out var major) || major < OldestNode)
            return $"Node is {node.Output.Trim()}. Install Node {OldestNode} or newer.";
        // npm writes this file last: without it an installation was cut off.
        if (File.Exists(Path.Combine(Folder, "node_modules", ".package-lock.json")))
            return null;
        var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
        return Run(npm, "ci") switch
        {
            null => "there is no npm. Install it, or run `npm ci` in tests/OrtTraining elsewhere and bring its node_modules.",
            { Code: 0 } => null,
            var failed => $"`npm ci` in tests/OrtTraining failed: {failed.Output.Trim()}",
        };
    }

    private static ToolRun? Run(string program, string argument)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, argument)
            {
                WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
            });
            if (process is null)
                return null;
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                return new ToolRun(-1, $"not done after {Patience.TotalMinutes:N0} minutes");
            }
            return new ToolRun(process.ExitCode, process.ExitCode == 0 ? output.Result : error.Result);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
