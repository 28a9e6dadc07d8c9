using System.CommandLine;
using BiT.Client;

namespace BiT.CommandLine;

/// <summary><c>bit models evaluate MODEL DATA</c></summary>
internal static class EvaluateModelCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var model = new Argument<string>("MODEL") { Description = ModelInput.Rule };
        var data = new Argument<string>("DATA") { Description = $"{DatasetInput.FolderRule} Or datasets/ID, uploaded before." };
        var split = new Option<string>("--split")
        {
            Description = "Which photos: all, train or validation.",
            HelpName = "PART",
            DefaultValueFactory = _ => "all",
        };
        split.AcceptOnlyFromAmong("all", "train", "validation");
        var html = ShowModelCommand.HtmlOption();
        return new Command("evaluate", "Measure a version on labelled photos, whose classes must all be classes of the model.") { model, data, split, html }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var file = parsed.GetValue(html);
                if (file is not null)
                    OutputFile.Check(file, "--html");
                // Before photos are sent: a name that does not exist is known at once.
                var (_, version) = await ModelInput.FindAsync(client, parsed.GetRequiredValue(model), cancellationToken);
                var dataset = await DatasetInput.ResolveAsync(terminal, client, parsed.GetRequiredValue(data), () => Task.CompletedTask, cancellationToken);
                var report = await ProgressDisplay.RunAsync(terminal, line =>
                {
                    line.Show(new ProgressReport("evaluating", 0, 0, ""));
                    return client.EvaluateAsync(version.Name, dataset.Name, SplitOf(parsed.GetValue(split)), file is not null, cancellationToken);
                });
                var evaluation = report.Evaluation ?? throw new InvalidDataException("The service returned a report without an evaluation.");
                if (file is not null)
                {
                    var length = await OutputFile.WriteAsync(file, stream => stream.WriteAsync(report.Page, cancellationToken).AsTask());
                    terminal.Say($"Wrote {file} ({Show.Bytes(length)})");
                }
                terminal.Answer(
                    new
                    {
                        report.ModelVersion,
                        report.Dataset,
                        Evaluation = JsonShapes.Of(evaluation),
                        Html = file is null ? null : Path.GetFullPath(file),
                    },
                    console =>
                    {
                        console.Write(Tables.Facts([("version", report.ModelVersion), ("data set", report.Dataset), .. EvaluationText.FactsOf(evaluation)]));
                        EvaluationText.WriteClasses(console, evaluation);
                        EvaluationText.WriteConfusion(console, evaluation);
                        EvaluationText.WritePhotos(console, evaluation);
                    });
                return ExitCodes.Ok;
            });
    }

    private static Split SplitOf(string? text) => text switch
    {
        "train" => Split.Train,
        "validation" => Split.Validation,
        _ => Split.Unspecified,
    };
}
