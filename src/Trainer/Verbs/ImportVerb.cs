using System.CommandLine;
using BiT.Core.Store;
using BiT.Training.Networks;
using BiT.Training.Publishing;
using BiT.Training.Weights;

namespace BiT.Training.Verbs;

/// <summary><c>import</c>: makes a model version of an official npz file, to start fine-tuning from or, with a head, to serve.</summary>
internal static class ImportVerb
{
    public static Command Create()
    {
        var workspace = new Option<string>("--workspace") { Description = "Folder of the workspace.", Required = true };
        var weights = new Option<FileInfo>("--weights") { Description = "npz file in the official layout.", Required = true };
        var network = new Option<string>("--network") { Description = $"Network of the file: {string.Join(", ", BitNetwork.KnownNames)}.", Required = true };
        var model = new Option<string>("--model") { Description = "Model that receives the version.", Required = true };
        var size = new Option<int>("--size") { Description = "Side of the served input in pixels, 32 to 1024.", DefaultValueFactory = _ => 224 };
        var labels = new Option<FileInfo>("--labels") { Description = "Text file with one class name per line, for a file with a head; without it the classes are numbered." };
        var command = new Command("import", "Imports official BiT weights as a model version; without a head: a backbone, to start fine-tuning from.") { workspace, weights, network, model, size, labels };
        command.SetAction(parsed =>
        {
            var side = parsed.GetValue(size);
            if (side is < 32 or > 1024)
                throw new UsageException($"--size is {side}; expected 32 to 1024.");
            var modelId = parsed.GetRequiredValue(model);
            if (!ResourceIds.IsName(modelId))
                throw new UsageException($"--model is '{modelId}'; expected 1 to 63 characters a-z, 0-9 and -, beginning with a letter.");
            var read = Read(parsed.GetRequiredValue(weights), parsed.GetRequiredValue(network));
            var names = Labels(read.ClassCount, parsed.GetValue(labels));
            // Last, so that a wrong command line leaves no new workspace behind.
            using var opened = Workspace.Open(parsed.GetRequiredValue(workspace), TimeProvider.System);
            var version = Import(opened, read, modelId, side, names);
            parsed.InvocationConfiguration.Output.WriteLine(version.Id);
            return TrainerCommand.Success;
        });
        return command;
    }

    private static WeightSet Read(FileInfo file, string network)
    {
        if (!file.Exists)
            throw new UsageException($"--weights: there is no file {file.FullName}.");
        try
        {
            return NpzWeights.Read(file.FullName, BitNetwork.ByName(network));
        }
        catch (Exception problem) when (problem is NetworkException or WeightsException)
        {
            throw new UsageException(problem.Message);
        }
    }

    private static ModelVersionRecord Import(Workspace workspace, WeightSet weights, string model, int size, string[] labels)
    {
        var publisher = new Publisher(workspace);
        var isBackbone = weights.ClassCount == 0;
        // Without labels the files are those that head jobs store for this backbone and size: the server then loads them once.
        var graph = publisher.StoreInferenceGraph(weights, size, isBackbone ? null : labels);
        var manifest = new ModelManifest
        {
            Method = isBackbone ? "backbone" : "full",
            Network = weights.Network.Name,
            Labels = labels,
            InputSize = size,
            InferenceGraph = graph.Model,
            InferenceGraphData = graph.Data,
            Weights = publisher.StoreWeights(weights),
        };
        try
        {
            return workspace.Models.Import(model, manifest);
        }
        catch (ArgumentException problem)
        {
            throw new UsageException(problem.Message);
        }
    }

    private static string[] Labels(int classCount, FileInfo? file)
    {
        if (file is null)
            return [.. Enumerable.Range(0, classCount).Select(index => $"class-{index}")];
        if (!file.Exists)
            throw new UsageException($"--labels: there is no file {file.FullName}.");
        var labels = File.ReadAllLines(file.FullName).Where(line => line.Length > 0).ToArray();
        return labels.Length == classCount
            ? labels
            : throw new UsageException($"--labels: {file.Name} has {labels.Length} names; the weights have {classCount} classes.");
    }
}
