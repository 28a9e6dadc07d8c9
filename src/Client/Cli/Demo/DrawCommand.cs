using System.CommandLine;
using BiT.CommandLine.Demo;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit draw DIR</c>: labelled pictures to try things out with.</summary>
internal static class DrawCommand
{
    private const int MostPerClass = 10_000;

    public static Command Create(CliEnvironment environment)
    {
        var folder = new Argument<string>("DIR") { Description = "A new or empty folder; train/ and val/ are made in it." };
        var train = Count("--train", "Pictures of each class to learn from.", 80);
        var held = Count("--val", "Pictures of each class to measure with.", 20);
        var command = new Command("draw", "Draw the demo's flowers of five classes into a folder; the same ones every time.") { folder, train, held };
        return command.Does(environment, (parsed, terminal, cancellationToken) =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(folder));
            if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
                throw new CommandException(ExitCodes.Usage, "FOLDER_NOT_EMPTY", $"{path} is not an empty folder. Name a new one.");
            var set = new FlowerSet { TrainPerFlower = parsed.GetValue(train), ValidationPerFlower = parsed.GetValue(held) };
            set.WriteTo(path, cancellationToken);
            terminal.Answer(
                new { Folder = path, Classes = FlowerSet.Labels, TrainPerClass = set.TrainPerFlower, ValidationPerClass = set.ValidationPerFlower },
                console => console.WriteLine($"Drew {set.TrainPerFlower} + {set.ValidationPerFlower} pictures each of {string.Join(", ", FlowerSet.Labels)} into {path}"));
            return Task.FromResult(ExitCodes.Ok);
        });
    }

    private static Option<int> Count(string name, string description, int usual)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[^1].Value, out var value) && value is < 1 or > MostPerClass)
                result.AddError($"{name} is {value}; expected 1 to {MostPerClass}.");
        });
        return option;
    }
}
