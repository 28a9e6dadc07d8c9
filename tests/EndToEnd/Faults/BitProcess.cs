using System.Diagnostics;

namespace BiT.Tests.EndToEnd.Faults;

/// <summary>The command <c>bit</c> as a process of its own.</summary>
internal static class BitProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>As it is built for its users: src/Client/Cli/bin/{configuration}/{framework}.</summary>
    public static string Program
    {
        get
        {
            var own = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.GetFullPath(Path.Combine(
                own.FullName, "..", "..", "..", "..", "..", "src", "Client", "Cli", "bin", own.Parent?.Name ?? "", own.Name, "bit.dll"));
        }
    }

    public static Task<(int Code, string Output, string Log)> RunAsync(params string[] arguments) => RunProgramAsync("dotnet", [Program, .. arguments]);

    public static async Task<(int Code, string Output, string Log)> RunProgramAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{program} did not start.");
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var log = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        return (process.ExitCode, await output, await log);
    }

    /// <summary>Asks the doctor, and shows what he says if he is not content.</summary>
    public static async Task AssertConsistentAsync(string workspace)
    {
        var (code, output, log) = await RunAsync("doctor", "--workspace", workspace);
        Assert.True(code == 0, $"bit doctor is not content (exit code {code}):\n{output}\n{log}");
    }
}
