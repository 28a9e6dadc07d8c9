using System.CommandLine;
using BiT.Bench.Transfer;

namespace BiT.Bench.Verbs;

/// <summary><c>bench curves</c>: draws what <c>bench transfer</c> measured.</summary>
internal static class CurvesVerb
{
    public static Command Create()
    {
        var results = new Option<FileInfo>("--results") { Description = "Lines of JSON that transfer wrote.", Required = true };
        var target = new Option<string>("--out") { Description = "Beginning of the SVG files' paths; the photos per class and .svg follow.", Required = true };
        results.AcceptExistingOnly();
        var command = new Command("curves", "Draws the validation accuracy by step, an SVG file for each number of photos per class.") { results, target };
        command.SetAction(async (parsed, cancellation) =>
        {
            foreach (var (perClass, svg) in CurvePlot.Draw(await File.ReadAllLinesAsync(parsed.GetRequiredValue(results).FullName, cancellation)))
            {
                var path = $"{parsed.GetRequiredValue(target)}-{perClass}.svg";
                await File.WriteAllTextAsync(path, svg, cancellation);
                await parsed.InvocationConfiguration.Output.WriteLineAsync(path);
            }
        });
        return command;
    }
}
