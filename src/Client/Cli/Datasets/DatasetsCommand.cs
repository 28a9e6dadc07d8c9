using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit datasets [list|show|upload]</c></summary>
internal static class DatasetsCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var command = new Command("datasets", "List and upload labelled photos. Alone: list.")
        {
            new Command("list", "List all data sets, newest first.").Calls(environment, ListAsync),
            CreateShow(environment),
            CreateUpload(environment),
        };
        return command.Calls(environment, ListAsync);
    }

    private static Command CreateShow(CliEnvironment environment)
    {
        var dataset = new Argument<string>("DATASET") { Description = "datasets/ID" };
        return new Command("show", "Show the classes of a data set.") { dataset }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var found = await client.GetDatasetAsync(parsed.GetRequiredValue(dataset), cancellationToken);
                terminal.Answer(JsonShapes.Of(found), console =>
                {
                    console.WriteLine($"{found.Name}  {found.DisplayName}  {Show.Bytes(found.ByteCount)}");
                    var table = Tables.Create("Class", "Train", "Validation");
                    foreach (var photoClass in found.Classes)
                        table.AddRow(
                            Tables.Cell(photoClass.Label), Tables.Cell(Show.Invariant($"{photoClass.TrainPhotoCount}")),
                            Tables.Cell(Show.Invariant($"{photoClass.ValidationPhotoCount}")));
                    console.Write(table);
                });
                return ExitCodes.Ok;
            });
    }

    private static Command CreateUpload(CliEnvironment environment)
    {
        var folder = new Argument<string>("FOLDER") { Description = DatasetInput.FolderRule };
        return new Command("upload", "Upload a folder without training on it.") { folder }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var photos = PhotoFolder.Read(parsed.GetRequiredValue(folder));
                var stored = await DatasetInput.UploadAsync(
                    terminal, client, Path.GetFileName(photos.Path), photos.Photos, cancellationToken);
                terminal.Answer(JsonShapes.Of(stored), console => console.WriteLine(stored.Name));
                return ExitCodes.Ok;
            });
    }

    private static async Task<int> ListAsync(ParseResult parsed, Terminal terminal, BitClient client, CancellationToken cancellationToken)
    {
        var datasets = await client.ListDatasetsAsync(cancellationToken).ToListAsync(cancellationToken);
        terminal.Answer(new { Datasets = datasets.Select(JsonShapes.Of) }, console =>
        {
            var table = Tables.Create("Data set", "Called", "Classes", "Train", "Validation", "Size", "Stored");
            foreach (var dataset in datasets)
                table.AddRow(
                    Tables.Cell(dataset.Name), Tables.Cell(dataset.DisplayName), Tables.Cell(Show.Invariant($"{dataset.Classes.Count}")),
                    Tables.Cell(Show.Invariant($"{dataset.TrainPhotoCount}")),
                    Tables.Cell(Show.Invariant($"{dataset.ValidationPhotoCount}")),
                    Tables.Cell(Show.Bytes(dataset.ByteCount)), Tables.Cell(Show.Moment(dataset.CreateTime, terminal.Time)));
            console.Write(table);
        });
        return ExitCodes.Ok;
    }
}
