using System.CommandLine;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit backup</c> and <c>bit restore</c>.</summary>
internal static class BackupCommands
{
    public static Command CreateBackup(CliEnvironment environment)
    {
        var workspace = ServerVerb.Workspace();
        var target = new Argument<string>("TARGET")
        {
            Description = "A name that ends in .tar makes one file, any other a folder. A folder with an earlier backup is brought up to date; only what is new is copied.",
        };
        var serverPath = ServeCommand.ServerPath();
        return new Command("backup", "Back up a workspace, also while it is in use. Every file's hash is checked on the way.") { target, workspace, serverPath }
            .Does(environment, async (parsed, terminal, cancellationToken) =>
            {
                var path = Path.GetFullPath(parsed.GetRequiredValue(target));
                var (backup, code) = await ServerVerb.RunAsync(parsed.GetValue(serverPath),
                    ["backup", "--Workspace:Path", Path.GetFullPath(parsed.GetRequiredValue(workspace)), "--To", path], terminal, cancellationToken);
                terminal.Answer(backup, console => console.WriteLine($"Backed up to {path}: {backup.GetProperty("blob_count").GetInt64()} blob(s) of "
                    + $"{Show.Bytes(backup.GetProperty("blob_bytes").GetInt64())}, {backup.GetProperty("checkpoints").GetArrayLength()} checkpoint(s). "
                    + $"Restore it with: bit restore {path} --workspace DIR"));
                return code;
            });
    }

    public static Command CreateRestore(CliEnvironment environment)
    {
        var backup = new Argument<string>("BACKUP") { Description = "The folder or .tar file of a backup." };
        var workspace = new Option<string>("--workspace") { Description = "The new workspace: a folder that does not exist or is empty.", HelpName = "DIR", Required = true };
        var serverPath = ServeCommand.ServerPath();
        return new Command("restore", "Make a workspace of a backup and check all of it. Jobs that ran go back to the queue, at their checkpoints.") { backup, workspace, serverPath }
            .Does(environment, async (parsed, terminal, cancellationToken) =>
            {
                var source = Path.GetFullPath(parsed.GetRequiredValue(backup));
                if (!File.Exists(source) && !Directory.Exists(source))
                    throw new CommandException(ExitCodes.NotFound, "NOT_FOUND", $"There is no backup {source}.");
                var (answer, code) = await ServerVerb.RunAsync(parsed.GetValue(serverPath),
                    ["restore", "--Workspace:Path", Path.GetFullPath(parsed.GetRequiredValue(workspace)), "--From", source], terminal, cancellationToken);
                terminal.Answer(answer, console => console.WriteLine(
                    $"Restored to {answer.GetProperty("workspace").GetString()}, as of {answer.GetProperty("backup").GetProperty("create_time").GetString()}; checked and consistent."));
                return code;
            });
    }
}
