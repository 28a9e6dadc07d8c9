using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit datasets show DATASET</c>: balance and problems in the terminal, or everything as a page.</summary>
internal static class ShowDatasetCommand
{
    private const int BarLength = 30;
    private const int MaxProblemsShown = 10;

    public static Command Create(CliEnvironment environment)
    {
        var name = new Argument<string>("DATASET") { Description = DatasetReference.Rule };
        var html = new Option<string?>("--html")
        {
            Description = "Also write a self-contained page with thumbnails to FILE.",
            HelpName = "FILE",
        };
        var allProblems = new Option<bool>("--problems") { Description = "List all problems of the newest upload, not only the first." };
        return new Command("show", "Show the balance and the problems of a data set.") { name, html, allProblems }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var page = parsed.GetValue(html);
                if (page is not null)
                    OutputFile.Check(page, "--html");
                var found = await DatasetReference.FindAsync(client, parsed.GetRequiredValue(name), cancellationToken);
                var problems = await client.ListDatasetProblemsAsync(found.Name, cancellationToken)
                    .Take(parsed.GetValue(allProblems) ? int.MaxValue : MaxProblemsShown).ToListAsync(cancellationToken);
                if (page is not null)
                {
                    var length = await OutputFile.WriteAsync(
                        page, file => client.GetDatasetPageAsync(found.Name, file, cancellationToken));
                    terminal.Say($"Wrote {page} ({Show.Bytes(length)})");
                }
                terminal.Answer(
                    JsonShapes.Of(found, problems, page is null ? null : Path.GetFullPath(page)),
                    console => Write(console, found, problems));
                return ExitCodes.Ok;
            });
    }

    private static void Write(IAnsiConsole console, Dataset dataset, IReadOnlyList<DatasetProblem> problems)
    {
        console.WriteLine($"{dataset.Name}  {dataset.DisplayName}  {Show.Bytes(dataset.ByteCount)}");
        console.Write(Balance(dataset, console.Profile.Capabilities.Unicode ? '█' : '#'));
        if (dataset.ProblemCount == 0)
            return;
        console.Write(ProblemText.TableOf(problems));
        if (dataset.ProblemCount > problems.Count)
            console.WriteLine($"And {dataset.ProblemCount - problems.Count} more problems: --problems lists all.");
    }

    private static Table Balance(Dataset dataset, char block)
    {
        var table = Tables.Create("Class", "Train", "Validation", "");
        var most = dataset.Classes.Select(CountOf).DefaultIfEmpty(0).Max();
        foreach (var photoClass in dataset.Classes)
        {
            // A class that is there is seen, however small it is.
            var length = Math.Max(1, (int)Math.Round((double)BarLength * CountOf(photoClass) / Math.Max(1, most)));
            table.AddRow(
                Tables.Cell(photoClass.Label), Tables.Cell(Show.Invariant($"{photoClass.TrainPhotoCount}")),
                Tables.Cell(Show.Invariant($"{photoClass.ValidationPhotoCount}")), Tables.Cell(new string(block, length)));
        }
        return table;
    }

    private static int CountOf(DatasetClass photoClass) => photoClass.TrainPhotoCount + photoClass.ValidationPhotoCount;
}
