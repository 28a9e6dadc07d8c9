using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit models show MODEL</c>: what a version is, how it learned and how right it is.</summary>
internal static class ShowModelCommand
{
    private const int ChartRows = 8;
    private const int MaxChartWidth = 120;
    private const int MaxLabelsShown = 50;

    public static Command Create(CliEnvironment environment)
    {
        var model = new Argument<string>("MODEL") { Description = ModelInput.Rule };
        var html = HtmlOption();
        return new Command("show", "Show a version of a model: its curves, its accuracy, and the photos that it is furthest off on.") { model, html }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var file = parsed.GetValue(html);
                if (file is not null)
                    OutputFile.Check(file, "--html");
                var (found, version) = await ModelInput.FindAsync(client, parsed.GetRequiredValue(model), cancellationToken);
                var report = await ReportAsync(client, version.Name, cancellationToken);
                if (file is not null)
                {
                    var length = await OutputFile.WriteAsync(
                        file, stream => client.GetModelReportPageAsync(version.Name, stream, cancellationToken));
                    terminal.Say($"Wrote {file} ({Show.Bytes(length)})");
                }
                terminal.Answer(
                    JsonShapes.Of(found, version, report, file is null ? null : Path.GetFullPath(file)),
                    console => Write(console, found, version, report, terminal.Time));
                return ExitCodes.Ok;
            });
    }

    /// <summary>The option <c>--html</c> of the commands that show a report.</summary>
    public static Option<string?> HtmlOption() => new("--html")
    {
        Description = "Also write a self-contained page with plots and photos to FILE.",
        HelpName = "FILE",
    };

    private static async Task<ModelReport?> ReportAsync(BitClient client, string version, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetModelReportAsync(version, cancellationToken);
        }
        catch (BitException failure) when (failure.Reason == "REPORT_NOT_FOUND")
        {
            return null;
        }
    }

    private static void Write(IAnsiConsole console, Model model, ModelVersion version, ModelReport? report, TimeProvider clock)
    {
        console.Write(Tables.Facts(FactsOf(model, version, report, clock)));
        if (report is null)
        {
            console.WriteLine("It was imported and has no report. Measure it: bit models evaluate MODEL FOLDER");
            return;
        }
        var curve = CurveText.Draw(
            [.. report.Curve.Select(point => (point.Step, point.Loss, point.ValidationAccuracy))],
            Math.Min(MaxChartWidth, console.Profile.Width), ChartRows, console.Profile.Capabilities.Unicode);
        if (curve.Count > 0)
            console.WriteLine();
        foreach (var line in curve)
            console.WriteLine(line);
        if (report.Evaluation is { } evaluation)
            EvaluationText.WriteWeaknesses(console, evaluation);
    }

    private static IEnumerable<(string, string)> FactsOf(Model model, ModelVersion version, ModelReport? report, TimeProvider clock)
    {
        yield return ("model", model.Name);
        foreach (var (alias, target) in model.Aliases.OrderBy(alias => alias.Key, StringComparer.Ordinal))
            yield return ("alias " + alias, target);
        yield return ("newest version", model.LatestVersion?.Name ?? "");
        yield return ("shown", version.Name);
        yield return ("network", version.Network);
        yield return ("method", version.Method);
        yield return ("input", $"{version.InputSize} x {version.InputSize}");
        if (report?.Evaluation is { } evaluation)
        {
            foreach (var fact in EvaluationText.FactsOf(evaluation))
                yield return fact;
        }
        else
        {
            yield return ("validation accuracy", Show.Percent(version.ValidationAccuracy));
        }
        yield return ("classes", string.Join(", ", version.Labels.Take(MaxLabelsShown))
            + (version.Labels.Count > MaxLabelsShown ? Show.Invariant($", ... ({version.Labels.Count})") : ""));
        yield return ("data set", version.Dataset);
        yield return ("job", version.Job);
        if (report is { Curve.Count: > 0 })
            yield return ("trained", Show.Invariant($"{report.Curve[^1].Step} steps, {Show.Duration(report.Curve[^1].Elapsed)}"));
        yield return ("published", Show.Moment(version.CreateTime, clock));
    }
}
