using BiT.CommandLine;

namespace BiT.Tests.Unit.CommandLine;

/// <summary>What one command line wrote, and what it exited with.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    /// <summary>Runs <c>bit</c> in this process, with streams that are no terminal.</summary>
    public static async Task<CommandRun> OfAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await BitCommand.RunAsync(
            arguments,
            new CliEnvironment { Output = TextWriter.Synchronized(output), Error = TextWriter.Synchronized(error), Variable = _ => null },
            cancellationToken);
        return new CommandRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>The answer of a command with <c>--json</c>: the only line of standard output.</summary>
    public System.Text.Json.JsonElement Json
    {
        get
        {
            var line = Assert.Single(Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            return System.Text.Json.JsonElement.Parse(line);
        }
    }
}
