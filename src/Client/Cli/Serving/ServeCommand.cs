using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit serve</c>: the server in the foreground, for people who try things out.</summary>
internal static class ServeCommand
{
    /// <summary>Where BiT.Server.dll is.</summary>
    public static Option<string?> ServerPath() => new("--server-path")
    {
        Description = "BiT.Server.dll. Default: beside this program, or in the build output of the source tree.",
        HelpName = "FILE",
    };

    /// <summary>Where BiT.Trainer.dll is.</summary>
    public static Option<string?> TrainerPath() => new("--trainer-path")
    {
        Description = "BiT.Trainer.dll. Default: the server looks for it in the same way.",
        HelpName = "FILE",
    };

    public static Command Create(CliEnvironment environment)
    {
        var workspace = new Option<string>("--workspace")
        {
            Description = "Folder for data sets, jobs and models; created if it does not exist.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "workspace",
        };
        var listen = new Option<string>("--listen")
        {
            Description = "Address to listen on; port 0 takes a free one.",
            HelpName = "URL",
            DefaultValueFactory = _ => BitClient.DefaultAddress,
        };
        var web = new Option<string?>("--web")
        {
            Description = "Address of the pages for browsers, or none. Default: http://127.0.0.1:5076, or a free port if that is taken.",
            HelpName = "URL",
        };
        var serverPath = ServerPath();
        var trainerPath = TrainerPath();
        return new Command("serve", "Run the server in the foreground until Ctrl+C.") { workspace, listen, web, serverPath, trainerPath }
            .Does(environment, async (parsed, terminal, cancellationToken) =>
            {
                var folder = Path.GetFullPath(parsed.GetRequiredValue(workspace));
                await using var server = await ServerProcess.StartAsync(
                    new ServerStart
                    {
                        Executable = Executables.Find("Server", parsed.GetValue(serverPath), "--server-path"),
                        Trainer = parsed.GetValue(trainerPath),
                        Workspace = folder,
                        Address = parsed.GetRequiredValue(listen),
                        WebAddress = parsed.GetValue(web),
                        Log = terminal.Warn,
                        IsLogShown = true,
                        // For people as text; a file, a pipe or a supervisor gets what it can parse.
                        LogFormat = environment.ErrorIsTerminal ? "text" : "json",
                    },
                    cancellationToken);
                terminal.Answer(
                    new { Ready = true, server.Address, server.WebAddress, Workspace = folder },
                    console => console.WriteLine($"Serving {folder} at {server.Address}"
                        + (server.WebAddress is { } pages ? $", pages for browsers at {pages}" : "") + ". Ctrl+C stops."));
                try
                {
                    throw new CommandException(await server.WhenEndedAsync(cancellationToken));
                }
                catch (OperationCanceledException)
                {
                    return ExitCodes.Ok;
                }
                catch (CommandException) when (cancellationToken.IsCancellationRequested)
                {
                    // Ctrl+C reaches the server too; it may stop before this program notices.
                    return ExitCodes.Ok;
                }
            });
    }
}
