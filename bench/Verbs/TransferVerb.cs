using System.CommandLine;
using System.CommandLine.Parsing;
using BiT.Bench.Transfer;
using BiT.Core.Runtime;
using BiT.Core.Store;

namespace BiT.Bench.Verbs;

/// <summary><c>bench transfer</c>: what fine-tuning reaches from the shipped backbone, and from random weights.</summary>
internal static class TransferVerb
{
    private static readonly string[] KnownWays = ["head", "full", "head+full", "auto", "scratch"];

    public static Command Create()
    {
        var training = new Option<DirectoryInfo>("--training") { Description = "Folder with one folder of training photos per class.", Required = true };
        var validation = new Option<DirectoryInfo>("--validation") { Description = "The same of photos to measure on.", Required = true };
        var perClass = new Option<string>("--per-class") { Description = "Training photos per class: numbers and all, with commas.", DefaultValueFactory = _ => "5,20,all" };
        var seeds = WorkloadOptions.Number("--seeds", "Runs of each, with other photos and another order.", lowest: 1, highest: 100);
        var ways = new Option<string>("--ways") { Description = $"What to run, with commas: {string.Join(", ", KnownWays)}.", DefaultValueFactory = _ => "head,full,head+full,scratch" };
        var rates = new Option<double[]>("--scratch-rates") { Description = "Learning rates of scratch; the best with the first seed is kept.", AllowMultipleArgumentsPerToken = true };
        var budget = new Option<double>("--budget") { Description = "Seconds that the recipe auto may spend.", DefaultValueFactory = _ => 30 };
        var crop = new Option<int?>("--crop") { Description = "Side of the square that the network sees. Default: what auto chooses." };
        var rate = new Option<double?>("--learning-rate") { Description = "Learning rate of all ways but scratch. Default: what auto chooses." };
        var threads = WorkloadOptions.Number("--threads", "Threads of ONNX Runtime; the number of processors if left out.", lowest: 1, highest: 1024);
        seeds.DefaultValueFactory = _ => 3;
        rates.DefaultValueFactory = _ => [0.006, 0.012, 0.025];
        threads.DefaultValueFactory = _ => Environment.ProcessorCount;
        var command = new Command("transfer", "Measures accuracy and time of fine-tuning by method and number of photos, a line of JSON for each.")
        {
            training, validation, perClass, seeds, ways, rates, budget, crop, rate, threads,
        };
        perClass.Validators.Add(result => Check(result, part => part == "all" || (int.TryParse(part, out var count) && count > 0), "--per-class", "numbers over 0, or all"));
        ways.Validators.Add(result => Check(result, KnownWays.Contains, "--ways", string.Join(", ", KnownWays)));
        command.SetAction(parsed => TransferBench.RunAsync(
            new TransferArguments
            {
                Training = parsed.GetRequiredValue(training).FullName,
                Validation = parsed.GetRequiredValue(validation).FullName,
                PerClass = [.. parsed.GetRequiredValue(perClass).Split(',').Select(part => part == "all" ? (int?)null : int.Parse(part))],
                Seeds = parsed.GetValue(seeds),
                Ways = parsed.GetRequiredValue(ways).Split(','),
                ScratchRates = parsed.GetRequiredValue(rates),
                Overrides = new FineTuneOverrides
                {
                    TimeBudget = TimeSpan.FromSeconds(parsed.GetValue(budget)), Crop = parsed.GetValue(crop), LearningRate = parsed.GetValue(rate),
                },
                Runtime = new RuntimeOptions { IntraOpThreads = parsed.GetValue(threads) },
            },
            parsed.InvocationConfiguration.Output));
        return command;
    }

    private static void Check(OptionResult result, Func<string, bool> isKnown, string option, string expected)
    {
        // A default has no token.
        if (result.Tokens.Count > 0 && result.Tokens[^1].Value.Split(',').FirstOrDefault(part => !isKnown(part)) is { } unknown)
            result.AddError($"{option} holds '{unknown}'; expected {expected}, with commas between.");
    }
}
