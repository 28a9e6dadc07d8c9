using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;

namespace BiT.CommandLine;

/// <summary>Work on a workspace folder without a running server: only the server's executable may touch the store, so its verbs are started.</summary>
internal static class ServerVerb
{
    /// <summary>The workspace, as for <c>bit serve</c>.</summary>
    public static Option<string> Workspace() => new("--workspace")
    {
        Description = "The workspace folder; servers and trainers may work on it meanwhile.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "workspace",
    };

    /// <summary>Runs a verb to its end.</summary>
    /// <param name="serverPath">BiT.Server.dll; null looks for it.</param>
    /// <param name="arguments">The verb and its options.</param>
    /// <param name="terminal">Shows the verb's progress.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    /// <returns>What it answered, and its exit code.</returns>
    /// <exception cref="CommandException">It could not be started, or could not do it.</exception>
    public static async Task<(JsonElement Answer, int Code)> RunAsync(
        string? serverPath, IEnumerable<string> arguments, Terminal terminal, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Executables.DotnetHost())
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments.Prepend(Executables.Find("Server", serverPath, "--server-path")))
            start.ArgumentList.Add(argument);
        using var process = new Process { StartInfo = start };
        var words = new List<string>();
        process.ErrorDataReceived += (_, line) => Show(line.Data, words, terminal);
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            throw new CommandException(ExitCodes.Failed, "SERVER_NOT_STARTED", $"{start.FileName} could not be started: {failure.Message}. Is the .NET 10 runtime installed?");
        }
        try
        {
            process.BeginErrorReadLine();
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return Read(output, words, process.ExitCode);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static void Show(string? line, List<string> words, Terminal terminal)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (words)
            words.Add(line);
        terminal.Warn(line);
    }

    private static (JsonElement Answer, int Code) Read(string output, List<string> words, int code)
    {
        var line = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(text => text.StartsWith('{'));
        if (line is null)
        {
            lock (words)
                throw new CommandException(ExitCodes.Failed, "SERVER_ENDED", $"The server's executable ended with code {code}: {string.Join(" ", words.TakeLast(3))}");
        }
        var answer = JsonElement.Parse(line);
        return answer.TryGetProperty("error", out var error)
            ? throw new CommandException(ExitCodes.Failed, error.GetProperty("reason").GetString() ?? "", error.GetProperty("message").GetString() ?? "")
            : (answer, code);
    }
}
