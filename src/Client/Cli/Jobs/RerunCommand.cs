using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit jobs rerun</c></summary>
internal static class RerunCommand
{
    private const int HashLengthShown = 16;

    /// <summary>Runs a job again by its plan and compares what both published. Exits with 0 if all of it is the same to the bit.</summary>
    public static async Task<int> RunAsync(Terminal terminal, BitClient client, string job, CancellationToken cancellationToken)
    {
        var original = await client.GetFineTuneJobAsync(job, cancellationToken);
        var queued = await client.RerunFineTuneJobAsync(job, cancellationToken);
        var done = (await JobWatch.FollowAsync(terminal, client, queued.Name, cancellationToken)).Job;
        JobWatch.RequireSuccess(done);
        var comparison = VersionComparison.Of(
            await client.GetModelVersionAsync(original.ModelVersion, cancellationToken), await client.GetModelVersionAsync(done.ModelVersion, cancellationToken));
        terminal.Answer(
            new
            {
                Original = original.ModelVersion, Rerun = done.ModelVersion, Job = done.Name, Identical = comparison.IsIdentical,
                Parts = comparison.Parts.Select(part => new { part.Name, part.Original, part.Rerun, Identical = part.IsIdentical }),
                comparison.Causes,
            },
            console =>
            {
                var table = Tables.Create("", ShortOf(original.ModelVersion), ShortOf(done.ModelVersion), "");
                foreach (var part in comparison.Parts)
                    table.AddRow(Tables.Cell(part.Name), Tables.Cell(Short(part.Original)), Tables.Cell(Short(part.Rerun)), Tables.Cell(part.IsIdentical ? "same" : "differs"));
                console.Write(table);
                foreach (var cause in comparison.Causes)
                    console.WriteLine(cause);
                console.WriteLine(comparison.IsIdentical
                    ? $"{done.ModelVersion} is {original.ModelVersion} to the bit. Delete it: bit models delete {ShortOf(done.ModelVersion)}"
                    : $"{done.ModelVersion} is not {original.ModelVersion} to the bit.");
            });
        return comparison.IsIdentical ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static string Short(string hash) => hash.Length > HashLengthShown ? hash[..HashLengthShown] : hash;

    private static string ShortOf(string version) => $"{VersionText.ModelOf(version)}/{ResourceName.Id(version)}";
}
