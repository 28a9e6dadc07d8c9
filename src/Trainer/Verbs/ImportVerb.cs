using System.CommandLine;
using BiT.Core.Store;
using BiT.Graphs;
using BiT.Training.Networks;
using BiT.Training.Publishing;
using BiT.Training.Weights;

namespace BiT.Training.Verbs;

/// <summary><c>import</c>: makes a model version of an official npz file, to start fine-tuning from or, with a head, to serve; or of an
/// infer.onnx that this service made, to serve. What ImportModelVersion does, without a server.</summary>
internal static class ImportVerb
{
    public static Command Create()
    {
        var workspace = new Option<string>("--workspace") { Description = "Folder of the workspace.", Required = true };
        var weights = new Option<FileInfo>("--weights") { Description = "npz file in the official layout, or an infer.onnx of this service.", Required = true };
        var network = new Option<string>("--network") { Description = $"Network of an npz: {string.Join(", ", BitNetwork.KnownNames)}." };
        var model = new Option<string>("--model") { Description = "Model that receives the version.", Required = true };
        var size = new Option<int?>("--size") { Description = $"Side of the served input of an npz in pixels, 32 to 1024; {VersionImport.DefaultInputSize} if left out." };
        var labels = new Option<FileInfo>("--labels") { Description = "Text file with one class name per line, for an npz with a head; without it the classes are numbered." };
        var command = new Command("import", "Imports official BiT weights as a model version (without a head: a backbone, to start fine-tuning from), or an infer.onnx.") { workspace, weights, network, model, size, labels };
        command.SetAction(parsed =>
        {
            var side = parsed.GetValue(size);
            if (side is < 32 or > 1024)
                throw new UsageException($"--size is {side}; expected 32 to 1024.");
            var modelId = parsed.GetRequiredValue(model);
            if (!ResourceIds.IsName(modelId))
                throw new UsageException($"--model is '{modelId}'; expected 1 to 63 characters a-z, 0-9 and -, beginning with a letter.");
            var settings = new ImportSettings { Network = parsed.GetValue(network), Labels = Labels(parsed.GetValue(labels)), InputSize = side };
            var import = Read(parsed.GetRequiredValue(weights), settings);
            // Last, so that a wrong command line leaves no new workspace behind.
            using var opened = Workspace.Open(parsed.GetRequiredValue(workspace), TimeProvider.System);
            parsed.InvocationConfiguration.Output.WriteLine(opened.Models.Import(modelId, import.Store(new Publisher(opened))).Id);
            return TrainerCommand.Success;
        });
        return command;
    }

    private static VersionImport Read(FileInfo file, ImportSettings settings)
    {
        if (!file.Exists)
            throw new UsageException($"--weights: there is no file {file.FullName}.");
        try
        {
            return VersionImport.Read(file.FullName, settings);
        }
        catch (Exception problem) when (problem is NetworkException or WeightsException or GraphException)
        {
            throw new UsageException(problem.Message);
        }
    }

    private static string[] Labels(FileInfo? file)
    {
        if (file is null)
            return [];
        if (!file.Exists)
            throw new UsageException($"--labels: there is no file {file.FullName}.");
        var labels = File.ReadAllLines(file.FullName).Where(line => line.Length > 0).ToArray();
        return labels.Length > 0 ? labels : throw new UsageException($"--labels: {file.FullName} has no line.");
    }
}
