using System.Globalization;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Worker;

namespace BiT.Bench.Transfer;

/// <summary>What to measure.</summary>
internal sealed record TransferArguments
{
    /// <summary>Folder with one folder of photos per class to learn from.</summary>
    public required string Training { get; init; }

    /// <summary>The same, to measure on.</summary>
    public required string Validation { get; init; }

    /// <summary>Training photos per class; null for all.</summary>
    public required IReadOnlyList<int?> PerClass { get; init; }
    public required int Seeds { get; init; }

    /// <summary><c>head</c>, <c>full</c> (all weights from the first step), <c>head+full</c> (the head first, then all weights from there, in one
    /// job), <c>auto</c>, <c>scratch</c> (random weights; steps, photos and evaluations of the longest run of all weights).</summary>
    public required IReadOnlyList<string> Ways { get; init; }

    /// <summary>Learning rates of <c>scratch</c>; the best one counts.</summary>
    public required IReadOnlyList<double> ScratchRates { get; init; }
    public FineTuneOverrides Overrides { get; init; } = new();
    public RuntimeOptions Runtime { get; init; } = new();
}

/// <summary>What pre-training is worth: accuracy and time of fine-tuning from the shipped backbone, by method and number of photos, against random
/// weights.</summary>
internal static class TransferBench
{
    public static async Task RunAsync(TransferArguments arguments, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("bit-transfer-").FullName;
        try
        {
            using var workspace = Workspace.Open(folder, TimeProvider.System);
            var folders = new LabelledFolders(workspace, arguments.Training, arguments.Validation);
            var run = new TransferRun(workspace, new TrainerOptions { WorkerId = "bench", Runtime = arguments.Runtime, PollInterval = TimeSpan.FromMilliseconds(20) });
            foreach (var perClass in arguments.PerClass)
            {
                TransferResult? longest = null;
                foreach (var way in arguments.Ways)
                {
                    var results = await RunAsync(run, seed => folders.Sample(perClass, seed), way, arguments, longest);
                    if (way is "full" or "head+full")
                        longest = results.Append(longest).MaxBy(result => result?.Seconds);
                    await output.WriteLineAsync(Line(perClass, way, results));
                    await output.FlushAsync();
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<List<TransferResult>> RunAsync(
        TransferRun run, Func<int, DatasetRecord> sample, string way, TransferArguments arguments, TransferResult? longest)
    {
        if (way == "scratch")
            return await FromScratchAsync(run, sample, arguments, longest ?? await run.RunAsync(sample(1), "full", "auto", null, arguments.Overrides with { Seed = 1 }));
        var results = new List<TransferResult>();
        for (var seed = 1; seed <= arguments.Seeds; seed++)
            results.Add(await FromBackboneAsync(run, sample(seed), way, arguments.Overrides with { Seed = seed }));
        return results;
    }

    private static Task<TransferResult> FromBackboneAsync(TransferRun run, DatasetRecord dataset, string way, FineTuneOverrides overrides) => way switch
    {
        "full" => run.RunAsync(dataset, "full", "auto", null, overrides with { HeadSteps = 0 }),
        "head+full" => run.RunAsync(dataset, "full", "auto", null, overrides),
        _ => run.RunAsync(dataset, way, "auto", null, overrides),
    };

    // Steps, photos per step, sizes and evaluations of training all weights from the backbone, so the same time. The rate is chosen with the first seed.
    private static async Task<List<TransferResult>> FromScratchAsync(
        TransferRun run, Func<int, DatasetRecord> sample, TransferArguments arguments, TransferResult full)
    {
        var overrides = arguments.Overrides with
        {
            Steps = full.Plan.Steps, BatchSize = full.Plan.BatchSize, Crop = full.Plan.Crop, Resize = full.Plan.Resize,
            EvaluationInterval = full.Plan.EvaluationInterval,
        };
        var tried = new List<TransferResult>();
        foreach (var rate in arguments.ScratchRates)
            tried.Add(await run.RunAsync(sample(1), "full", "scratch", null, overrides with { LearningRate = rate, Seed = 1 }));
        var best = tried.MaxBy(result => result.Accuracy) ?? throw new InvalidOperationException("No learning rate was given.");
        var results = new List<TransferResult> { best };
        for (var seed = 2; seed <= arguments.Seeds; seed++)
            results.Add(await run.RunAsync(sample(seed), "full", "scratch", null, overrides with { LearningRate = best.Plan.LearningRate, Seed = seed }));
        return results;
    }

    private static string Line(int? perClass, string way, IReadOnlyList<TransferResult> results)
    {
        var plan = results[^1].Plan;
        var accuracies = results.Select(result => result.Accuracy).ToArray();
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"per_class":"{{perClass?.ToString(CultureInfo.InvariantCulture) ?? "all"}}","way":"{{way}}","mean":{{accuracies.Average():F4}},"min":{{accuracies.Min():F4}},"max":{{accuracies.Max():F4}},"seconds":{{results.Average(result => result.Seconds):F1}},"method":"{{string.Join('|', results.Select(result => result.Plan.Method).Distinct())}}","crop":{{plan.Crop}},"batch":{{plan.BatchSize}},"steps":{{plan.Steps}},"learning_rate":{{plan.LearningRate}},"curve":[{{string.Join(",", results[^1].Curve.Select(point => $"[{point.Step},{point.Accuracy:F3}]"))}}]}""");
    }
}
