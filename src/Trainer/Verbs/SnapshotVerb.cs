using System.CommandLine;
using System.Text.Json;
using BiT.Core.Runtime;
using BiT.Training.Pretraining;

namespace BiT.Training.Verbs;

/// <summary><c>snapshot</c>: the weights of a pre-training run, finished or in progress, as an npz file.</summary>
internal static class SnapshotVerb
{
    private const int MaxBrokenPhotos = 100;

    public static Command Create()
    {
        var run = new Option<string>("--run") { Description = "Folder of the run: what pretrain --out was given.", Required = true };
        var weights = new Option<string>("--weights") { Description = "npz file to write, in the official layout; what it is goes beside it, with .json added.", Required = true };
        var half = new Option<bool>("--fp16") { Description = "Round to float16: half the size." };
        var best = new Option<bool>("--best") { Description = "The weights of the best evaluation instead of the newest." };
        var data = new Option<string[]>("--data") { Description = "The run's --data: evaluates on the held-back photos.", AllowMultipleArgumentsPerToken = true };
        var validation = new Option<string[]>("--validation") { Description = "Folders and zip files to evaluate on.", AllowMultipleArgumentsPerToken = true };
        var threads = new Option<int>("--threads") { Description = "Threads of an operator; 0 means one per core." };
        var command = new Command("snapshot", "Writes the weights of a pre-training run, and their accuracy before and after rounding to float16.")
        {
            run, weights, half, best, data, validation, threads,
        };
        command.SetAction(parsed =>
        {
            var configuration = parsed.InvocationConfiguration;
            var count = parsed.GetValue(threads);
            if (count is < 0 or > 1024)
                throw new UsageException($"--threads is {count}; expected 0 (one per core) to 1024.");
            var output = new RunOutput(configuration.Output, configuration.Error, json: false);
            try
            {
                var folder = parsed.GetRequiredValue(run);
                var snapshot = WeightSnapshot.Load(folder, parsed.GetValue(best), output.Warn);
                var sets = new SnapshotSets(RunFolder.ReadPlan(folder), new BrokenPhotos(MaxBrokenPhotos, output.Warn), new RuntimeOptions { IntraOpThreads = count });
                var evaluations = sets.Evaluate(snapshot, parsed.GetValue(data) ?? [], parsed.GetValue(validation) ?? []);
                var path = parsed.GetRequiredValue(weights);
                snapshot.Write(path, parsed.GetValue(half), evaluations);
                configuration.Output.WriteLine(JsonSerializer.Serialize(
                    new { weights = path, bytes = new FileInfo(path).Length, step = snapshot.Step, epoch = snapshot.Epoch, evaluations },
                    new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
            }
            catch (Exception problem) when (problem is PhotoSetException or RunFolderException or DirectoryNotFoundException)
            {
                throw new UsageException(problem.Message);
            }
            catch (Exception problem) when (problem is BrokenPhotosException or InvalidDataException or IOException or UnauthorizedAccessException)
            {
                output.Warn(problem.Message);
                return TrainerCommand.Failure;
            }
            return TrainerCommand.Success;
        });
        return command;
    }

    private sealed record SnapshotSets(PretrainingPlan Plan, BrokenPhotos Broken, RuntimeOptions Runtime)
    {
        public IReadOnlyList<SnapshotEvaluation> Evaluate(WeightSnapshot snapshot, string[] data, string[] validation)
        {
            var evaluations = new List<SnapshotEvaluation>();
            if (data.Length > 0)
            {
                using var set = PhotoSet.Open(data, Plan.Labels);
                var (training, heldBack) = set.Photos.Split(Plan.HoldOut);
                if (training.Id != Plan.TrainId)
                    throw new UsageException("--data holds other photos than the run was planned for. Name the same folders and zip files.");
                if (heldBack.Count == 0)
                    throw new UsageException("--data: the run holds nothing back. Leave it out, and name --validation.");
                evaluations.Add(snapshot.Evaluate(EvaluationSet.HeldBack, heldBack, Broken, Runtime, CancellationToken.None));
            }
            if (validation.Length > 0)
            {
                using var set = PhotoSet.Open(validation, Plan.Labels);
                evaluations.Add(snapshot.Evaluate(EvaluationSet.Validation, set.Photos, Broken, Runtime, CancellationToken.None));
            }
            return evaluations;
        }
    }
}
