using System.CommandLine;
using BiT.Client;

namespace BiT.CommandLine;

/// <summary>Options that commands share, and how a command becomes a call with an exit code.</summary>
internal static class CommonOptions
{
    private const string ServerVariable = "BIT_SERVER";

    /// <summary>Where the server is.</summary>
    public static readonly Option<string?> Server = new("--server")
    {
        Description = $"Address of the server. Default: the variable {ServerVariable}, else {BitClient.DefaultAddress}.",
        HelpName = "URL",
    };

    /// <summary>Whether the answer is for a program.</summary>
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one line of JSON, last on standard output; everything else goes to standard error.",
    };

    /// <summary>Gives a command its action. What the action throws becomes a sentence and an exit code.</summary>
    public static Command Does(
        this Command command, CliEnvironment environment, Func<ParseResult, Terminal, CancellationToken, Task<int>> action)
    {
        command.Options.Add(Json);
        foreach (var argument in command.Arguments)
            RefuseEmpty(argument);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var terminal = new Terminal(environment, parsed.GetValue(Json));
            try
            {
                return await action(parsed, terminal, cancellationToken);
            }
            catch (Exception exception)
            {
                if (environment.Variable("BIT_TRACE") == "1")
                    terminal.Warn(exception.ToString());
                return terminal.Fail(ExitCodes.Explain(exception));
            }
        });
        return command;
    }

    // No argument of any command means something when it is empty; in a script it is a variable that is not set.
    private static void RefuseEmpty(Argument argument) => argument.Validators.Add(result =>
    {
        if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
            result.AddError($"{argument.Name} is empty. If it comes from a variable of your script, that is not set.");
    });

    /// <summary>Gives a command an action that talks to the server named by <c>--server</c>.</summary>
    public static Command Calls(
        this Command command, CliEnvironment environment, Func<ParseResult, Terminal, BitClient, CancellationToken, Task<int>> action)
    {
        command.Options.Add(Server);
        return command.Does(environment, async (parsed, terminal, cancellationToken) =>
        {
            using var client = Connect(parsed.GetValue(Server), environment);
            return await action(parsed, terminal, client, cancellationToken);
        });
    }

    private static BitClient Connect(string? server, CliEnvironment environment)
    {
        var address = server ?? environment.Variable(ServerVariable);
        if (string.IsNullOrWhiteSpace(address))
            address = BitClient.DefaultAddress;
        try
        {
            return new BitClient(address.Contains("://", StringComparison.Ordinal) ? address : "http://" + address);
        }
        catch (ArgumentException)
        {
            throw new CommandException(ExitCodes.Usage, "BAD_ADDRESS",
                $"'{address}' is not the address of a BiT server. Expected http://HOST:PORT, for example {BitClient.DefaultAddress}.");
        }
    }
}
