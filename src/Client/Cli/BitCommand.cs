using System.CommandLine;
using System.CommandLine.Invocation;

namespace BiT.CommandLine;

/// <summary>The command <c>bit</c>: all its subcommands, and how a command line is run.</summary>
internal static class BitCommand
{
    /// <summary>Runs one command line.</summary>
    /// <param name="arguments">The words after <c>bit</c>.</param>
    /// <param name="environment">Streams, screen and clock.</param>
    /// <param name="cancellationToken">Cancelled by the first Ctrl+C.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CliEnvironment environment, CancellationToken cancellationToken)
    {
        var parsed = Create(environment).Parse(arguments.Count == 0 ? ["--help"] : arguments);
        if (parsed.Action is ParseErrorAction || (parsed.Action is null && parsed.Errors.Count > 0))
            return RefuseUsage(parsed, environment);
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = environment.Output,
                Error = environment.Error,
                EnableDefaultExceptionHandler = false,
                // Ctrl+C is the caller's: the first cancels, the second ends the process.
                ProcessTerminationTimeout = null,
            },
            cancellationToken);
    }

    private static RootCommand Create(CliEnvironment environment) => new(
        "BiT: classifies images and learns new classes from a handful of labelled photos. "
        + "`bit demo` shows everything in under three minutes; no server needs to run.")
    {
        DemoCommand.Create(environment),
        ClassifyCommand.Create(environment),
        FineTuneCommand.Create(environment),
        JobsCommand.Create(environment),
        ModelsCommand.Create(environment),
        DatasetsCommand.Create(environment),
        ServeCommand.Create(environment),
        DoctorCommand.Create(environment),
        GcCommand.Create(environment),
        BackupCommands.CreateBackup(environment),
        BackupCommands.CreateRestore(environment),
        DrawCommand.Create(environment),
    };

    private static int RefuseUsage(ParseResult parsed, CliEnvironment environment)
    {
        var path = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
            if (result.Command is not RootCommand)
                path.Insert(0, result.Command.Name);
        var help = string.Join(' ', ["bit", .. path, "--help"]);
        // "Required command was not provided" beside the word that was not recognised says nothing more.
        var errors = parsed.Errors.Skip(parsed.Errors.Count > 1 && parsed.CommandResult.Command.Subcommands.Count > 0 ? 1 : 0)
            .Select(error => string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .TrimEnd('.') + ".");
        var suggestion = parsed.UnmatchedTokens.Select(word => Spelling.Nearest(word, KnownIn(parsed.CommandResult.Command))).FirstOrDefault(word => word is not null);
        var message = string.Join(" ", errors) + (suggestion is null ? "" : $" Did you mean `{suggestion}`?") + $" See `{help}`.";
        return new Terminal(environment, parsed.GetResult(CommonOptions.Json) is { Implicit: false })
            .Fail(new Failure(ExitCodes.Usage, "USAGE", message));
    }

    private static IEnumerable<string> KnownIn(Command command) => command.Subcommands.Select(child => child.Name).Concat(command.Options.Select(option => option.Name));
}
