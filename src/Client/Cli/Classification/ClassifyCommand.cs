using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit classify MODEL FILE...</c></summary>
internal static class ClassifyCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var model = new Argument<string>("MODEL")
        {
            Description = "A model (its live version), MODEL@ALIAS or MODEL/versions/N.",
        };
        var files = new Argument<string[]>("FILE")
        {
            Description = "Images: JPEG, PNG, WebP, GIF or BMP.",
            Arity = ArgumentArity.OneOrMore,
        };
        var topK = new Option<int>("--top-k", "-k")
        {
            Description = "Predictions per image.",
            HelpName = "K",
            DefaultValueFactory = _ => 3,
        };
        topK.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var count) && count < 1)
                result.AddError($"--top-k is {count}; expected 1 or more");
        });
        return new Command("classify", "Say what is on pictures.") { model, files, topK }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var outcomes = new List<ClassifiedFile>();
                await foreach (var outcome in client.ClassifyFilesAsync(
                    parsed.GetRequiredValue(model), parsed.GetRequiredValue(files), parsed.GetValue(topK), cancellationToken))
                    outcomes.Add(outcome);
                return Report(terminal, outcomes);
            });
    }

    private static int Report(Terminal terminal, List<ClassifiedFile> outcomes)
    {
        var versions = outcomes.Select(outcome => outcome.ModelVersion).Where(version => version.Length > 0).Distinct().ToList();
        terminal.Answer(
            new { ModelVersion = versions.Count == 1 ? versions[0] : null, Images = outcomes.Select(JsonShapes.Of) },
            console =>
            {
                var table = Tables.Create("File", "Class", "Probability", "Then");
                foreach (var outcome in outcomes.Where(outcome => outcome.Error is null && outcome.Predictions.Count > 0))
                    table.AddRow(
                        Tables.Cell(outcome.Path), Tables.Cell(outcome.Predictions[0].Label),
                        Tables.Cell(Show.Percent(outcome.Predictions[0].Probability)),
                        Tables.Cell(string.Join(", ",
                            outcome.Predictions.Skip(1).Select(p => $"{p.Label} {Show.Percent(p.Probability)}"))));
                if (table.Rows.Count > 0)
                    console.Write(table);
                if (versions.Count > 0)
                    console.WriteLine($"By {string.Join(" and ", versions)}");
            });
        var refused = outcomes.Where(outcome => outcome.Error is not null).ToList();
        foreach (var outcome in refused)
            terminal.Warn($"bit: {outcome.Path}: {outcome.Error?.Message}");
        return refused.Count == 0 ? ExitCodes.Ok : ExitCodes.Refused;
    }
}
