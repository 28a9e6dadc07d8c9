using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit datasets [list|show|upload|delete]</c></summary>
internal static class DatasetsCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var command = new Command("datasets", "List, look at, upload and delete labelled photos. Alone: list.")
        {
            new Command("list", "List all data sets, newest first.").Calls(environment, ListAsync),
            ShowDatasetCommand.Create(environment),
            CreateUpload(environment),
            CreateDelete(environment),
        };
        return command.Calls(environment, ListAsync);
    }

    private static Command CreateUpload(CliEnvironment environment)
    {
        var data = new Argument<string>("DATA") { Description = DatasetInput.FolderRule };
        var name = new Option<string?>("--name")
        {
            Description = "What the data set is called. Default: as the folder or the archive.",
            HelpName = "NAME",
        };
        return new Command("upload", "Upload a folder or a ZIP archive without training on it.") { data, name }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var stored = await DatasetInput.UploadAsync(
                    terminal, client, parsed.GetRequiredValue(data), parsed.GetValue(name), cancellationToken);
                terminal.Answer(JsonShapes.Of(stored), console => console.WriteLine(stored.Name));
                return ExitCodes.Ok;
            });
    }

    private static Command CreateDelete(CliEnvironment environment)
    {
        var name = new Argument<string>("DATASET") { Description = DatasetReference.Rule };
        return new Command("delete", "Delete a data set. Models that learned from it stay.") { name }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var found = await DatasetReference.FindAsync(client, parsed.GetRequiredValue(name), cancellationToken);
                await client.DeleteDatasetAsync(found.Name, cancellationToken);
                terminal.Answer(new { found.Name, Deleted = true }, console => console.WriteLine($"Deleted {found.Name}  {found.DisplayName}"));
                return ExitCodes.Ok;
            });
    }

    private static async Task<int> ListAsync(ParseResult parsed, Terminal terminal, BitClient client, CancellationToken cancellationToken)
    {
        var datasets = await client.ListDatasetsAsync(cancellationToken).ToListAsync(cancellationToken);
        terminal.Answer(new { Datasets = datasets.Select(dataset => JsonShapes.Of(dataset)) }, console =>
        {
            var table = Tables.Create("Data set", "Called", "Classes", "Train", "Validation", "Problems", "Size", "Stored");
            foreach (var dataset in datasets)
                table.AddRow(
                    Tables.Cell(dataset.Name), Tables.Cell(dataset.DisplayName), Tables.Cell(Show.Invariant($"{dataset.Classes.Count}")),
                    Tables.Cell(Show.Invariant($"{dataset.TrainPhotoCount}")),
                    Tables.Cell(Show.Invariant($"{dataset.ValidationPhotoCount}")),
                    Tables.Cell(Show.Invariant($"{dataset.ProblemCount}")),
                    Tables.Cell(Show.Bytes(dataset.ByteCount)), Tables.Cell(Show.Moment(dataset.CreateTime, terminal.Time)));
            console.Write(table);
        });
        return ExitCodes.Ok;
    }
}
