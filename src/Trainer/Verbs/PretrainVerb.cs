using System.CommandLine;
using System.Runtime.InteropServices;
using BiT.Core.Runtime;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Pretraining;
using BiT.Training.Weights;

namespace BiT.Training.Verbs;

/// <summary><c>pretrain</c>: trains a network from random or given weights on folders or zip files of photos, for hours or days, in as many pieces as it
/// takes.</summary>
internal static class PretrainVerb
{
    public static Command Create()
    {
        var options = new PretrainOptions();
        var command = new Command("pretrain",
            "Trains a network from random or given weights by the paper's upstream recipe. SIGTERM or Ctrl+C writes a checkpoint and ends with 0; the same command continues.");
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var configuration = parsed.InvocationConfiguration;
            var arguments = options.Read(parsed);
            using var stop = new CancellationTokenSource();
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
            return Run(arguments, new RunOutput(configuration.Output, configuration.Error, arguments.Json), stop.Token);
        });
        return command;
    }

    /// <summary>Runs to the end, or until cancelled, and returns the exit code.</summary>
    /// <exception cref="UsageException">The photos, the folder or the provider cannot be used as asked.</exception>
    internal static int Run(PretrainArguments arguments, RunOutput output, CancellationToken cancellation)
    {
        try
        {
            SessionFactory.Check(arguments.Runtime, output.Warn);
            var labels = arguments.Classes is { } file ? ClassList.Read(file, arguments.ClassRange) : null;
            using var data = PhotoSet.Open(arguments.Data, labels);
            using var validation = arguments.Validation.Count > 0 ? PhotoSet.Open(arguments.Validation, data.Labels) : null;
            TellLeftOut(data, "--data", output);
            var (training, heldBack) = data.Photos.Split(arguments.Request.HoldOut);
            if (heldBack.Count == 0 && arguments.Request.HoldOut > 0)
                output.Warn("--holdout: the share is too small for so few photos; nothing is held back.");
            var atEnd = validation is null ? null : new EvaluationSet(EvaluationSet.Validation, validation.Photos);
            var evaluation = heldBack.Count > 0 ? new EvaluationSet(EvaluationSet.HeldBack, heldBack) : atEnd;
            var weights = arguments.Weights is { } npz ? StartingWeights.Of(npz, BitNetwork.ByName(arguments.Request.Network), data.Labels) : null;
            if (weights is { KeepsHead: false })
                output.Warn("--weights: the file's head is not known to be for these classes in this order; the run starts with a new one.");
            var plan = PretrainingPlanner.Plan(arguments.Request, data.Labels, training, evaluation?.Photos ?? heldBack, weights, arguments.MemoryBytes);
            using var folder = RunFolder.Open(arguments.Out, plan);
            var inputs = new PretrainingInputs
            {
                Plan = plan,
                WeightsPath = arguments.Weights,
                Training = training,
                Evaluation = evaluation,
                AtEnd = evaluation == atEnd ? null : atEnd,
                Runtime = arguments.Runtime,
                CheckpointInterval = arguments.CheckpointInterval,
                LogInterval = arguments.LogInterval,
                MaxBrokenPhotos = arguments.MaxBrokenPhotos,
            };
            using var run = new PretrainingRun(inputs, folder, output);
            run.Run(cancellation);
            return TrainerCommand.Success;
        }
        catch (Exception problem) when (problem is PhotoSetException or WeightsException or RunFolderException or ExecutionProviderException)
        {
            throw new UsageException(problem.Message);
        }
        catch (Exception problem) when (problem is TrainingDivergedException or BrokenPhotosException or CheckpointException
            or IOException or UnauthorizedAccessException)
        {
            // What a person can cure; the checkpoints so far stay.
            output.Warn(problem.Message);
            return TrainerCommand.Failure;
        }
    }

    private static void TellLeftOut(PhotoSet set, string name, RunOutput output)
    {
        if (set.LeftOut > 0)
            output.Warn($"{name}: {set.LeftOut:N0} photos of classes that were not asked for are left out.");
        if (set.OtherFiles > 0)
            output.Warn($"{name}: {set.OtherFiles:N0} files are no photos in a class folder and are left out.");
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}
