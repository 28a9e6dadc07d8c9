using BiT.Core.Store;
using BiT.Serving.Hosting;
using Overrides = BiT.Protocol.V1.FineTuneOverrides;
using Spec = BiT.Protocol.V1.FineTuneSpec;

namespace BiT.Serving.Rpc;

/// <summary>Reads what a job is asked to do, and finds everything wrong with it. Ranges: fine_tuning.proto.</summary>
internal sealed class FineTuneSpecReader(Workspace workspace, ModelCatalog catalog)
{
    internal static readonly string[] Networks = ["bit-tiny", "R50x1", "R50x3", "R101x1", "R101x3", "R152x2", "R152x4"];
    private static readonly string[] Methods = ["auto", "full", "head"];
    private static readonly string[] Recipes = ["auto", "paper", "lite", "tutorial", "scratch"];

    private static readonly TimeSpan MinTimeBudget = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxTimeBudget = TimeSpan.FromDays(30);

    /// <param name="spec">May be null: the field is optional on the wire.</param>
    /// <param name="violations">What is wrong already.</param>
    /// <exception cref="InvalidRequestException">Values out of range, unknown names, or contradictions; lists all of them.</exception>
    /// <exception cref="ResourceNotFoundException">There is no such data set.</exception>
    /// <exception cref="ModelNotFoundException">There is no such base.</exception>
    public FineTuneSpec Read(Spec? spec, FieldViolations violations)
    {
        spec ??= new Spec();
        var datasetId = violations.Dataset(spec.Dataset, "spec.dataset");
        var modelId = violations.Model(spec.Model, "spec.model");
        var network = Choice(spec.Network, Networks, "spec.network", violations);
        var method = Choice(spec.Method, Methods, "spec.method", violations);
        var recipe = Choice(spec.Recipe, Recipes, "spec.recipe", violations);
        var reference = spec.Base.Length == 0 ? null : violations.Reference(spec.Base, "spec.base");
        var overrides = ReadOverrides(spec.Overrides ?? new Overrides(), violations);
        violations.ThrowIfAny();

        if (workspace.Datasets.Find(datasetId) is null)
            throw ResourceNotFoundException.Dataset(spec.Dataset);
        var origin = reference is null ? null : catalog.Find(reference);
        if (origin is not null && network is not null && network != origin.Manifest.Network)
        {
            throw FieldViolations.Single("spec.network",
                $"is {network}, and the base {origin.Id} is a {origin.Manifest.Network}: weights fit their own network only. "
                + "Leave the network empty or choose another base.");
        }
        if (origin is { Manifest.Weights: null })
        {
            throw FieldViolations.Single("spec.base",
                $"is {origin.Id}, which was imported as a graph for inference: its weights are folded, and nothing can be trained from it. "
                + "Choose a version that has weights, or import them as npz.");
        }
        return new FineTuneSpec
        {
            DatasetId = datasetId,
            ModelId = modelId,
            Network = network,
            Base = origin?.Id,
            Method = method ?? Methods[0],
            Recipe = recipe ?? Recipes[0],
            Overrides = overrides,
        };
    }

    private static string? Choice(string text, string[] choices, string field, FieldViolations violations)
    {
        if (text.Length == 0)
            return null;
        violations.Require(choices.Contains(text), field,
            $"is {FieldViolations.Quote(text)}; expected {string.Join(", ", choices)}, or nothing.");
        return text;
    }

    private static FineTuneOverrides ReadOverrides(Overrides given, FieldViolations violations)
    {
        var check = new RangeChecks(violations, "spec.overrides.");
        var read = new FineTuneOverrides
        {
            Steps = check.Whole(given.HasSteps, given.Steps, "steps", 1, 1_000_000),
            BatchSize = check.Whole(given.HasBatchSize, given.BatchSize, "batch_size", 1, 4096),
            MicroBatchSize = check.Whole(given.HasMicroBatchSize, given.MicroBatchSize, "micro_batch_size", 1, 4096),
            LearningRate = check.Real(given.HasLearningRate, given.LearningRate, "learning_rate", double.Epsilon, 10),
            Resize = check.Whole(given.HasResize, given.Resize, "resize", 32, 1024),
            Crop = check.Whole(given.HasCrop, given.Crop, "crop", 32, 1024),
            MixupAlpha = check.Real(given.HasMixupAlpha, given.MixupAlpha, "mixup_alpha", 0, 10),
            Momentum = check.Real(given.HasMomentum, given.Momentum, "momentum", 0, 1),
            WeightDecay = check.Real(given.HasWeightDecay, given.WeightDecay, "weight_decay", 0, 1),
            WarmupSteps = check.Whole(given.HasWarmupSteps, given.WarmupSteps, "warmup_steps", 0, 1_000_000),
            EvaluationInterval = check.Whole(given.HasEvaluationInterval, given.EvaluationInterval, "evaluation_interval", 1, 1_000_000),
            EarlyStoppingPatience = check.Whole(
                given.HasEarlyStoppingPatience, given.EarlyStoppingPatience, "early_stopping_patience", 0, 1_000_000),
            Seed = given.HasSeed ? given.Seed : null,
            TimeBudget = check.Span(given.TimeBudget, "time_budget", MinTimeBudget, MaxTimeBudget),
        };
        // Only what the caller set is compared here; the trainer checks the resolved plan.
        check.NotAbove(read.MicroBatchSize, "micro_batch_size", read.BatchSize, "batch_size");
        check.NotAbove(read.Crop, "crop", read.Resize, "resize");
        check.NotAbove(read.WarmupSteps, "warmup_steps", read.Steps, "steps");
        return read;
    }
}
