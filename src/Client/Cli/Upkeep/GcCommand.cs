using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit gc</c>: delete what nobody needs any more, now.</summary>
internal static class GcCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var workspace = ServerVerb.Workspace();
        var dryRun = new Option<bool>("--dry-run") { Description = "Delete nothing, say what would go." };
        var blobAge = Age("--blob-age", "How long files stay that nothing refers to; at least 00:01:00");
        var checkpointAge = Age("--checkpoint-age", "How long failed and cancelled jobs keep their checkpoints");
        var eventAge = Age("--event-age", "How long jobs that are done keep their progress events");
        var cacheAge = Age("--cache-age", "How long resized photos, features and training graphs stay that no job uses; at least 01:00:00");
        var cacheBytes = new Option<long?>("--cache-bytes")
        {
            Description = "Size of all of them, beyond which the least recently used go. Default: the server's configuration.", HelpName = "BYTES",
        };
        var serverPath = ServeCommand.ServerPath();
        return new Command("gc", "Delete what nobody needs any more: files without reference, old checkpoints and progress events, unused caches. The server does so every hour.")
        {
            workspace, dryRun, blobAge, checkpointAge, eventAge, cacheAge, cacheBytes, serverPath,
        }.Does(environment, async (parsed, terminal, cancellationToken) =>
        {
            List<string> arguments = ["gc", "--Workspace:Path", Path.GetFullPath(parsed.GetRequiredValue(workspace)), "--DryRun", $"{parsed.GetValue(dryRun)}"];
            foreach (var (option, name) in new[] { (blobAge, "BlobAge"), (checkpointAge, "CheckpointAge"), (eventAge, "EventAge"), (cacheAge, "CacheAge") })
            {
                if (parsed.GetValue(option) is { } age)
                    arguments.AddRange([$"--Retention:{name}", age]);
            }
            if (parsed.GetValue(cacheBytes) is { } bytes)
                arguments.AddRange(["--Retention:CacheBytes", bytes.ToString(CultureInfo.InvariantCulture)]);
            var (report, code) = await ServerVerb.RunAsync(parsed.GetValue(serverPath), arguments, terminal, cancellationToken);
            terminal.Answer(report, console => Tell(report, console));
            return code;
        });
    }

    private static Option<string?> Age(string name, string description) => new(name)
    {
        Description = $"{description}, as [days.]hours:minutes:seconds. Default: the server's configuration.",
        HelpName = "TIME",
    };

    private static void Tell(JsonElement report, IAnsiConsole console)
    {
        long Number(string name) => report.GetProperty(name).GetInt64();
        console.WriteLine($"{(report.GetProperty("is_dry_run").GetBoolean() ? "Would delete" : "Deleted")} {Number("blob_count")} blob(s) of {Show.Bytes(Number("blob_bytes"))}, "
            + $"the checkpoints of {Number("checkpoint_job_count")} job(s) of {Show.Bytes(Number("checkpoint_bytes"))}, {Number("event_count")} progress event(s), "
            + $"{Number("cache_count")} cached file(s) of {Show.Bytes(Number("cache_bytes"))}, which are made again when they are needed.");
        if (Number("kept_blob_count") > 0)
        {
            console.WriteLine($"{Number("kept_blob_count")} blob(s) of {Show.Bytes(Number("kept_blob_bytes"))} without reference stay for now: "
                + "too young, or work that may need them runs.");
        }
    }
}
