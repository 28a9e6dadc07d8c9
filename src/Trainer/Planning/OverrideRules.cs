using BiT.Core.Store;

namespace BiT.Training.Planning;

/// <summary>The ranges that fine_tuning.proto states for a specification's names and overrides.</summary>
internal static class OverrideRules
{
    public const int MaxSteps = 1_000_000;
    public const int MaxBatchSize = 4096;

    // They are done again if the job is interrupted in them.
    public const int MaxHeadSteps = 10_000;
    public const int MinSide = 32;
    public const int MaxSide = 1024;
    public static readonly TimeSpan MinTimeBudget = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan MaxTimeBudget = TimeSpan.FromDays(30);
    public static readonly TimeSpan DefaultTimeBudget = TimeSpan.FromMinutes(10);

    private static readonly string[] Methods = ["auto", "full", "head"];
    private static readonly string[] RecipeNames = ["auto", "paper", "lite", "tutorial", "scratch"];

    /// <summary>Everything that is wrong with a specification, one sentence each.</summary>
    public static IReadOnlyList<string> Violations(FineTuneSpec spec)
    {
        var violations = new List<string>();
        FineTuneOverrides overrides = spec.Overrides;
        Name("method", spec.Method, Methods);
        Name("recipe", spec.Recipe, RecipeNames);
        Whole("steps", overrides.Steps, 1, MaxSteps);
        Whole("batch_size", overrides.BatchSize, 1, MaxBatchSize);
        Whole("micro_batch_size", overrides.MicroBatchSize, 1, overrides.BatchSize ?? MaxBatchSize);
        Whole("resize", overrides.Resize, MinSide, MaxSide);
        Whole("crop", overrides.Crop, MinSide, MaxSide);
        if (overrides is { Resize: { } resize, Crop: { } crop } && resize < crop)
            violations.Add($"resize is {resize}; expected at least crop, which is {crop}.");
        if (overrides.LearningRate is { } rate && !(rate > 0 && rate <= 10))
            violations.Add($"learning_rate is {rate}; expected over 0 and at most 10.");
        Number("mixup_alpha", overrides.MixupAlpha, 10);
        Number("momentum", overrides.Momentum, 1);
        Number("weight_decay", overrides.WeightDecay, 1);
        Whole("warmup_steps", overrides.WarmupSteps, 0, overrides.Steps ?? MaxSteps);
        Whole("evaluation_interval", overrides.EvaluationInterval, 1, MaxSteps);
        Whole("early_stopping_patience", overrides.EarlyStoppingPatience, 0, int.MaxValue);
        Whole("head_steps", overrides.HeadSteps, 0, MaxHeadSteps);
        if (overrides.TimeBudget is { } budget && (budget < MinTimeBudget || budget > MaxTimeBudget))
            violations.Add($"time_budget is {budget.TotalSeconds:0.###} s; expected 10 seconds to 30 days.");
        if (spec is { Recipe: "scratch", Base: not null })
            violations.Add("recipe scratch starts from random weights, but a base is given; leave the base out, or use recipe auto.");
        if (spec is { Recipe: "scratch", Method: "head" })
            violations.Add("recipe scratch trains all weights, but the method is head; use method full, or another recipe.");
        if (overrides.HeadSteps > 0 && (spec.Method == "head" || spec.Recipe == "scratch"))
            violations.Add("head_steps are for the method full and pre-trained weights: the method head has steps, and features of random weights carry little. Leave it out.");
        return violations;

        void Name(string field, string value, string[] known)
        {
            if (!known.Contains(value)) violations.Add($"{field} is '{value}'; expected one of {string.Join(", ", known)}.");
        }

        void Whole(string field, int? value, int lowest, int highest)
        {
            if (value < lowest || value > highest)
                violations.Add(highest == int.MaxValue
                    ? $"{field} is {value}; expected at least {lowest}."
                    : $"{field} is {value:N0}; expected {lowest} to {highest:N0}.");
        }

        void Number(string field, double? value, double highest)
        {
            if (value is { } number && !(number >= 0 && number <= highest))
                violations.Add($"{field} is {number}; expected 0 to {highest}.");
        }
    }
}
