using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit models import</c></summary>
internal static class ImportModelCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var file = new Argument<string>("FILE") { Description = "An npz in the official layout, with or without head, or an infer.onnx that bit made." };
        var model = new Option<string>("--model") { Description = "The model that receives the version; made if it does not exist.", Required = true };
        var network = new Option<string?>("--network") { Description = "For an npz: its network, for example R50x1." };
        var labels = new Option<string?>("--labels")
        {
            Description = "For an npz with a head: text file with one class name per line. Default: class 0, class 1, ...",
            HelpName = "FILE",
        };
        var size = new Option<int?>("--size") { Description = "For an npz: side of the served input in pixels, 32 to 1024. Default: 224." };
        return new Command("import", "Make a version of a file: pre-trained weights to start from or to serve, or a downloaded infer.onnx to serve.")
        {
            file, model, network, labels, size,
        }.Calls(environment, async (parsed, terminal, client, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(file);
            var name = VersionText.BareModel(parsed.GetRequiredValue(model));
            if (!File.Exists(path))
            {
                throw new CommandException(ExitCodes.Refused, "NO_SUCH_FILE", Directory.Exists(path)
                    ? $"{path} is a folder; expected an npz or ONNX file."
                    : $"There is no file {path}.");
            }
            var settings = new ImportSettings
            {
                Network = parsed.GetValue(network) ?? "",
                Labels = await ReadLabelsAsync(parsed.GetValue(labels), cancellationToken),
                InputSize = parsed.GetValue(size),
            };
            var version = await ProgressDisplay.RunAsync(terminal, line =>
                client.ImportAsync(name, path, settings, new TransferLine(line, "importing"), cancellationToken));
            terminal.Answer(JsonShapes.Of(version, withManifest: false), console => console.WriteLine(Describe(version)));
            return ExitCodes.Ok;
        });
    }

    private static string Describe(ModelVersion version) => version.Method switch
    {
        "backbone" => $"{version.Name}: {version.Network} without a head. Train from it: bit finetune FOLDER --model NAME --base {ShortName(version)}",
        "inference" => $"{version.Name}: {version.Network}, {version.Labels.Count} classes, for classifying only. "
            + $"Let it serve: bit models promote {ShortName(version)}",
        _ => $"{version.Name}: {version.Network}, {version.Labels.Count} classes. Let it serve: bit models promote {ShortName(version)}",
    };

    private static string ShortName(ModelVersion version) => $"{VersionText.ModelOf(version.Name)}/{ResourceName.VersionNumber(version.Name)}";

    private static async Task<IReadOnlyList<string>> ReadLabelsAsync(string? path, CancellationToken cancellationToken)
    {
        if (path is null)
            return [];
        if (!File.Exists(path))
            throw new CommandException(ExitCodes.Refused, "NO_SUCH_FILE", $"--labels: there is no file {path}.");
        var lines = await File.ReadAllLinesAsync(path, cancellationToken);
        var labels = lines.Where(line => line.Length > 0).ToArray();
        return labels.Length > 0
            ? labels
            : throw new CommandException(ExitCodes.Refused, "NO_LABELS", $"--labels: {path} is empty; expected one class name per line.");
    }
}
