using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit models download</c></summary>
internal static class DownloadModelCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var version = new Argument<string>("MODEL") { Description = $"A version: {VersionText.Forms}." };
        var weights = new Option<bool>("--weights") { Description = "The weights as npz, to train from elsewhere; without it the whole network as ONNX." };
        var output = new Option<string>("-o", "--output")
        {
            Description = "File, or existing folder. Default: this folder, under the name that the server suggests.",
            HelpName = "FILE",
            DefaultValueFactory = _ => ".",
        };
        var force = new Option<bool>("--force") { Description = "Replace a file that is there already." };
        return new Command("download", "Download a version as one ONNX file that any ONNX runtime runs, or its weights.") { version, weights, output, force }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var (name, path) = (VersionText.Model(parsed.GetRequiredValue(version)), parsed.GetRequiredValue(output));
                var file = parsed.GetValue(weights) ? ModelFile.Weights : ModelFile.InferenceGraph;
                var isForced = parsed.GetValue(force);
                RefuseExisting(path, isForced);
                var got = await ProgressDisplay.RunAsync(terminal, line =>
                {
                    line.Show(new ProgressReport("preparing", 0, 0, ""));
                    return client.DownloadAsync(name, path, file, isForced, new TransferLine(line, "downloading"), cancellationToken);
                });
                terminal.Answer(
                    new { got.ModelVersion, got.Path, got.ByteCount, got.Sha256 },
                    console => console.WriteLine($"{got.Path}  {Show.Bytes(got.ByteCount)}  {got.ModelVersion}"));
                return ExitCodes.Ok;
            });
    }

    private static void RefuseExisting(string path, bool isForced)
    {
        if (!isForced && File.Exists(path))
            throw new CommandException(ExitCodes.Usage, "FILE_EXISTS", $"There is a file {path} already. Name another with -o, or replace it with --force.");
    }
}
