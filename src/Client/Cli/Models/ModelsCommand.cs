using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit models [list|show|evaluate|versions|promote|rollback|unalias|download|import|delete]</c></summary>
internal static class ModelsCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var command = new Command("models", "List models, decide which version serves, bring files in and out. Alone: list.")
        {
            new Command("list", "List all models.").Calls(environment, ListAsync),
            ShowModelCommand.Create(environment),
            EvaluateModelCommand.Create(environment),
            CreateVersions(environment),
            AliasCommands.CreatePromote(environment),
            AliasCommands.CreateRollback(environment),
            AliasCommands.CreateUnalias(environment),
            DownloadModelCommand.Create(environment),
            ImportModelCommand.Create(environment),
            DeleteModelCommand.Create(environment),
        };
        return command.Calls(environment, ListAsync);
    }

    private static Command CreateVersions(CliEnvironment environment)
    {
        var model = ModelArgument();
        return new Command("versions", "List the versions of a model, newest first.") { model }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var found = await client.GetModelAsync(VersionText.BareModel(parsed.GetRequiredValue(model)), cancellationToken);
                var versions = await client.ListModelVersionsAsync(found.Name, cancellationToken).ToListAsync(cancellationToken);
                terminal.Answer(
                    new { Model = found.Name, Versions = versions.Select(version => JsonShapes.Of(version, withManifest: true)) },
                    console => WriteVersions(console, found, versions, terminal.Time));
                return ExitCodes.Ok;
            });
    }

    private static async Task<int> ListAsync(ParseResult parsed, Terminal terminal, BitClient client, CancellationToken cancellationToken)
    {
        var models = await client.ListModelsAsync(cancellationToken).ToListAsync(cancellationToken);
        terminal.Answer(new { Models = models.Select(JsonShapes.Of) }, console =>
        {
            if (models.Count == 0)
            {
                console.WriteLine("No models yet. Train one: bit finetune FOLDER --model NAME --wait --promote");
                return;
            }
            var table = Tables.Create("Model", "Live", "Newest", "Network", "Classes", "Accuracy", "Trained");
            foreach (var model in models)
                table.AddRow(
                    Tables.Cell(ResourceName.Id(model.Name)),
                    Tables.Cell(model.Aliases.TryGetValue(Model.LiveAlias, out var live) ? ResourceName.Id(live) : "-"),
                    Tables.Cell(model.LatestVersion is null ? "-" : ResourceName.Id(model.LatestVersion.Name)),
                    Tables.Cell(model.LatestVersion?.Network ?? ""),
                    Tables.Cell(model.LatestVersion is null ? "" : Show.Invariant($"{model.LatestVersion.Labels.Count}")),
                    Tables.Cell(Show.Percent(model.LatestVersion?.ValidationAccuracy)),
                    Tables.Cell(Show.Moment(model.LatestVersion?.CreateTime, terminal.Time)));
            console.Write(table);
        });
        return ExitCodes.Ok;
    }

    private static Argument<string> ModelArgument() => new("MODEL") { Description = "The model's name." };

    private static void WriteVersions(IAnsiConsole console, Model model, List<ModelVersion> versions, TimeProvider clock)
    {
        var table = Tables.Create("Version", "Aliases", "Network", "Method", "Input", "Classes", "Accuracy", "Published");
        foreach (var version in versions)
            table.AddRow(
                Tables.Cell(ResourceName.Id(version.Name)),
                Tables.Cell(string.Join(", ",
                    model.Aliases.Where(alias => alias.Value == version.Name).Select(alias => alias.Key).Order())),
                Tables.Cell(version.Network), Tables.Cell(version.Method), Tables.Cell(Show.Invariant($"{version.InputSize}")),
                Tables.Cell(Show.Invariant($"{version.Labels.Count}")), Tables.Cell(Show.Percent(version.ValidationAccuracy)),
                Tables.Cell(Show.Moment(version.CreateTime, clock)));
        console.Write(table);
    }
}
