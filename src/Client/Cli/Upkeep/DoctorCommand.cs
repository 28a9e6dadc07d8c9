using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit doctor</c>: is everything there and unchanged?</summary>
internal static class DoctorCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var workspace = ServerVerb.Workspace();
        var quick = new Option<bool>("--quick") { Description = "Compare names and sizes only; read no file through." };
        var repair = new Option<bool>("--repair") { Description = "Repair what can be repaired." };
        var from = new Option<string?>("--from") { Description = "A backup folder, or another workspace, to take missing and damaged files from; with --repair.", HelpName = "DIR" };
        var serverPath = ServeCommand.ServerPath();
        return new Command("doctor", "Check a workspace: database, data sets, versions, aliases, jobs, checkpoints, every file's hash. Exit code 1 if something is wrong.")
        {
            workspace, quick, repair, from, serverPath,
        }.Does(environment, async (parsed, terminal, cancellationToken) =>
        {
            var source = parsed.GetValue(from);
            if (source is not null && !Directory.Exists(Path.Combine(source, "blobs")))
                throw new CommandException(ExitCodes.Usage, "USAGE", $"--from names {source}, which has no folder blobs. Expected a backup folder or a workspace; restore a .tar into a folder first.");
            List<string> arguments = ["doctor", "--Workspace:Path", Path.GetFullPath(parsed.GetRequiredValue(workspace))];
            arguments.AddRange(["--Quick", $"{parsed.GetValue(quick)}", "--Repair", $"{parsed.GetValue(repair)}"]);
            if (source is not null)
                arguments.AddRange(["--From", Path.GetFullPath(source)]);
            var (report, code) = await ServerVerb.RunAsync(parsed.GetValue(serverPath), arguments, terminal, cancellationToken);
            terminal.Answer(report, console => Tell(report, console));
            return code;
        });
    }

    private static void Tell(JsonElement report, IAnsiConsole console)
    {
        foreach (var finding in report.GetProperty("findings").EnumerateArray())
        {
            var state = finding.GetProperty("is_repaired").GetBoolean() ? "repaired" : finding.GetProperty("severity").GetString();
            var canRepair = finding.GetProperty("is_repairable").GetBoolean() && state == "error" ? " Repair it with --repair." : "";
            console.WriteLine($"{state}: {finding.GetProperty("code").GetString()} {finding.GetProperty("subject").GetString()}");
            console.WriteLine($"  {finding.GetProperty("message").GetString()}{canRepair}");
        }
        var counts = report.GetProperty("counts");
        console.WriteLine($"Looked at {Number(counts, "datasets")} data set(s), {Number(counts, "versions")} version(s), {Number(counts, "aliases")} alias(es), "
            + $"{Number(counts, "jobs")} job(s), {Number(counts, "checkpoints")} checkpoint(s), {Number(counts, "blobs")} blob(s) of {Show.Bytes(Number(counts, "blob_bytes"))}.");
        console.WriteLine(report.GetProperty("is_consistent").GetBoolean() ? "The store is consistent." : "The store is not consistent; see above.");
    }

    private static long Number(JsonElement counts, string name) => counts.GetProperty(name).GetInt64();
}
