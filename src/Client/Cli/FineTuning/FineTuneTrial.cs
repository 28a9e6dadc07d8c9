using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary>What a fine-tuning job would do, without doing it.</summary>
internal static class FineTuneTrial
{
    /// <summary>Prints the plan and what it would cost.</summary>
    public static async Task<int> EstimateAsync(
        Terminal terminal, BitClient client, FineTuneSpec spec, CancellationToken cancellationToken)
    {
        terminal.Say("Measuring on the trainer...");
        var estimate = await client.ValidateFineTuneJobAsync(spec, cancellationToken);
        terminal.Answer(JsonShapes.Of(estimate), console => console.Write(Tables.Facts(
        [
            ("time", $"about {Show.Roughly(estimate.Duration)}"
                + (estimate.IsMeasuredWhileBusy ? ", measured beside a running job: too long" : "")),
            ("memory", $"about {Show.Bytes(estimate.PeakMemoryBytes)} of the trainer at most"),
            ("disk", Show.Bytes(estimate.DiskBytes)),
            ("speed", Show.Invariant($"{estimate.ImagesPerSecond:0.#} photos/s")),
            .. PlanText.Rows(estimate.PlanJson),
        ])));
        return ExitCodes.Ok;
    }

    /// <summary>Writes the page with the first batches; a page that was not received whole leaves no file.</summary>
    public static async Task<int> PreviewAsync(
        Terminal terminal, BitClient client, FineTuneSpec spec, string path, CancellationToken cancellationToken)
    {
        var target = Path.GetFullPath(path);
        var temporary = $"{target}.{Guid.NewGuid():N}.part";
        try
        {
            await using (var file = File.Create(temporary))
            {
                terminal.Say("Asking the trainer for the first batches...");
                await foreach (var part in client.PreviewFineTuneJobAsync(spec, cancellationToken: cancellationToken))
                    await file.WriteAsync(part, cancellationToken);
            }
            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
        terminal.Answer(new { Preview = target }, console => console.WriteLine($"Wrote {path}"));
        return ExitCodes.Ok;
    }
}
