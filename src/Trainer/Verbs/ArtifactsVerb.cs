using System.CommandLine;
using System.Text.Json;
using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Weights;

namespace BiT.Training.Verbs;

/// <summary><c>artifacts</c>: the files that train a network elsewhere, with ONNX Runtime Training or with any ONNX Runtime.</summary>
internal static class ArtifactsVerb
{
    private const string OwnTarget = "bit";
    private const string OrtTarget = "ort-training";
    private const string Plain = "plain";
    private const string Native = "native";

    public static Command Create()
    {
        var network = new Option<string>("--network") { Description = $"One of {string.Join(", ", BitNetwork.KnownNames)}.", Required = true };
        var classes = new Option<int>("--classes") { Description = "Classes of the head, 1 to 100000.", Required = true };
        var batch = new Option<int>("--batch") { Description = "Images per run (micro-batch), 1 to 4096: shapes are static.", Required = true };
        var size = new Option<int>("--size") { Description = "Side of the images in pixels, 32 to 1024.", Required = true };
        var target = Choice("--target", "What runs them", OrtTarget, OwnTarget, OrtTarget);
        var output = new Option<string>("--out") { Description = "Folder to write to.", Required = true };
        var weights = new Option<FileInfo>("--weights") { Description = "npz file in the official layout to start from; random weights if left out." };
        var checkpoint = new Option<FileInfo>("--checkpoint") { Description = "Checkpoint to go on from, of our own engine (safetensors) or of ONNX Runtime Training; instead of --weights." };
        var npz = new Option<string>("--npz") { Description = "Also write the weights as an npz file: with --checkpoint, what a run elsewhere has learnt." };
        var gradients = Choice("--gradients", "Gradients by ONNX operators that every runtime has, or by ONNX Runtime Training's own", Plain, Plain, Native);
        var optimizer = Choice("--optimizer", "For ort-training", OrtOptimizerNames.All[0], [.. OrtOptimizerNames.All]);
        var accumulation = new Option<int>("--accumulation") { Description = "Runs per optimiser step, 1 to 4096.", DefaultValueFactory = _ => 1 };
        var images = new Option<int?>("--schedule-images") { Description = "Training photos: puts HyperRule's learning rates for so many into the optimizer graph of ort-training." };
        var mixup = new Option<bool>("--mixup") { Description = "For ort-training: user inputs permutation and lambda." };
        var probes = new Option<bool>("--probes") { Description = "For ort-training: each gradient as an output probe.NAME." };
        var command = new Command("artifacts", "Writes training_model.onnx, eval_model.onnx, optimizer_model.onnx and a checkpoint, to train elsewhere.")
        {
            network, classes, batch, size, target, output, weights, checkpoint, npz, gradients, optimizer, accumulation, images, mixup, probes,
        };
        command.SetAction(parsed =>
        {
            var isOrt = parsed.GetValue(target) == OrtTarget;
            if (!isOrt)
                Refuse(parsed, gradients, optimizer, images, mixup, probes);
            var sizes = new TrainingGraphSizes(
                InRange(parsed, classes, 1, 100_000), InRange(parsed, batch, 1, 4096), InRange(parsed, size, 32, 1024), InRange(parsed, accumulation, 1, 4096))
            {
                OrtTraining = isOrt
                    ? new OrtTrainingForm { UsesTrainingGradients = parsed.GetValue(gradients) == Native, Mixes = parsed.GetValue(mixup), HasProbes = parsed.GetValue(probes) }
                    : null,
            };
            try
            {
                var start = Start(parsed.GetRequiredValue(network), sizes.ClassCount, parsed.GetValue(weights), parsed.GetValue(checkpoint));
                var set = isOrt
                    ? ArtifactSet.ForOrtTraining(start, sizes, OrtOptimizerNames.Kind(parsed.GetRequiredValue(optimizer)), Schedule(parsed.GetValue(images), sizes))
                    : ArtifactSet.ForOwnEngine(start, sizes);
                var files = set.Write(parsed.GetRequiredValue(output));
                if (parsed.GetValue(npz) is { } path)
                    NpzWeights.Write(path, start.Weights);
                parsed.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(
                    new { target = parsed.GetValue(target), step = start.Step, files = files.Select(file => new { path = file, bytes = new FileInfo(file).Length }) }));
            }
            catch (Exception problem) when (problem is NetworkException or WeightsException or ArtifactException)
            {
                throw new UsageException(problem.Message);
            }
            return TrainerCommand.Success;
        });
        return command;
    }

    private static RunPoint Start(string networkName, int classCount, FileInfo? weights, FileInfo? checkpoint)
    {
        var network = BitNetwork.ByName(networkName);
        if (weights is not null && checkpoint is not null)
            throw new UsageException("--weights and --checkpoint both say what to start from; give one of them.");
        if (checkpoint is not null)
            return RunPoint.Read(Existing(checkpoint, "--checkpoint"), network, classCount);
        if (weights is null)
            return new RunPoint(Initializers.Create(network, classCount, seed: 0), Momenta: null, Step: 0);
        var read = NpzWeights.Read(Existing(weights, "--weights"), network);
        // As fine-tuning does: a head for other classes is of no use.
        return new RunPoint(read.ClassCount == classCount ? read : read.WithZeroHead(classCount), Momenta: null, Step: 0);
    }

    private static LearningRateSchedule? Schedule(int? images, TrainingGraphSizes sizes)
    {
        if (images is not { } count)
            return null;
        if (count < 1)
            throw new UsageException($"--schedule-images is {count}; expected at least 1.");
        var batch = sizes.BatchSize * sizes.AccumulationSteps;
        return LearningRateSchedule.FromHyperRule(HyperRule.Schedule(count, batch), HyperRule.LearningRate(batch));
    }

    private static void Refuse(ParseResult parsed, params Option[] options)
    {
        if (options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } given)
            throw new UsageException($"{given.Name} is for --target {OrtTarget} only. Leave it out.");
    }

    private static string Existing(FileInfo file, string option) => file.Exists
        ? file.FullName
        : throw new UsageException($"{option}: there is no file {file.FullName}.");

    private static Option<string> Choice(string name, string description, string otherwise, params string[] choices)
    {
        var option = new Option<string>(name) { Description = $"{description}: {string.Join(" or ", choices)}.", DefaultValueFactory = _ => otherwise };
        option.AcceptOnlyFromAmong(choices);
        return option;
    }

    private static int InRange(ParseResult parsed, Option<int> option, int lowest, int highest) => parsed.GetValue(option) is var value && value >= lowest && value <= highest
        ? value
        : throw new UsageException($"{option.Name} is {value}; expected {lowest} to {highest}.");
}
