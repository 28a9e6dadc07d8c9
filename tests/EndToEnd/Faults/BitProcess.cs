using System.Diagnostics;
using BiT.Tests.EndToEnd.CommandLine;

namespace BiT.Tests.EndToEnd.Faults;

/// <summary>The command <c>bit</c> as a process of its own.</summary>
internal static class BitProcess
{
    public static Task<ProgramRun> RunAsync(params string[] arguments) =>
        ProgramRun.ToItsEndAsync(new ProcessStartInfo("dotnet", [BuiltPrograms.Bit, .. arguments]));

    /// <summary>Asks the doctor, and shows what he says if he is not content.</summary>
    public static async Task AssertConsistentAsync(string workspace)
    {
        var (code, output, log) = await RunAsync("doctor", "--workspace", workspace);
        Assert.True(code == 0, $"bit doctor is not content (exit code {code}):\n{output}\n{log}");
    }
}
