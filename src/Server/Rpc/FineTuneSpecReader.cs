using BiT.Core.Store;
using BiT.Serving.Hosting;
using Overrides = BiT.Protocol.V1.FineTuneOverrides;
using Spec = BiT.Protocol.V1.FineTuneSpec;

namespace BiT.Serving.Rpc;

/// <summary>What a request asks for, before anything that it names was looked up.</summary>
/// <param name="Spec">Without its base; with an empty data set id if that was allowed.</param>
/// <param name="Base">Whose weights to start from; null for random ones.</param>
internal sealed record RequestedSpec(FineTuneSpec Spec, ModelReference? Base)
{
    /// <summary>A text that is equal for equal requests. It holds the name of the base and not what it means just now: repeating a request
    /// after an alias has moved is still repeating it.</summary>
    public string Content => Base is null ? StoreJson.Write(Spec) : $"{StoreJson.Write(Spec)} base {Base}";
}

/// <summary>Reads what a job is asked to do, and finds everything wrong with it. Ranges: fine_tuning.proto.</summary>
internal sealed class FineTuneSpecReader(Workspace workspace, ModelCatalog catalog)
{
    internal static readonly string[] Networks = ["bit-tiny", "R50x1", "R50x3", "R101x1", "R101x3", "R152x2", "R152x4"];
    private static readonly string[] Methods = ["auto", "full", "head"];
    private static readonly string[] Recipes = ["auto", "paper", "lite", "tutorial", "scratch"];
    private static readonly string[] Engines = ["bit", FineTuneSpec.OrtTrainingEngine];

    private static readonly TimeSpan MinTimeBudget = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxTimeBudget = TimeSpan.FromDays(30);

    /// <summary>Reads what can be read without the store.</summary>
    /// <param name="spec">May be null: the field is optional on the wire.</param>
    /// <param name="violations">What is wrong already.</param>
    /// <param name="isDatasetOptional">Whether the data set may be left out; its id is then empty.</param>
    /// <exception cref="InvalidRequestException">Values out of range, unknown names, or contradictions; lists all of them.</exception>
    public static RequestedSpec Parse(Spec? spec, FieldViolations violations, bool isDatasetOptional = false)
    {
        spec ??= new Spec();
        var datasetId = isDatasetOptional && spec.Dataset.Length == 0 ? "" : violations.Dataset(spec.Dataset, "spec.dataset");
        var modelId = violations.Model(spec.Model, "spec.model");
        var network = Choice(spec.Network, Networks, "spec.network", violations);
        var method = Choice(spec.Method, Methods, "spec.method", violations);
        var recipe = Choice(spec.Recipe, Recipes, "spec.recipe", violations);
        var engine = Choice(spec.Engine, Engines, "spec.engine", violations);
        var reference = spec.Base.Length == 0 ? null : violations.Reference(spec.Base, "spec.base");
        var overrides = ReadOverrides(spec.Overrides ?? new Overrides(), violations);
        CheckPromotion(spec, violations);
        violations.ThrowIfAny();
        return new RequestedSpec(
            new FineTuneSpec
            {
                DatasetId = datasetId,
                ModelId = modelId,
                Network = network,
                Method = method ?? Methods[0],
                Recipe = recipe ?? Recipes[0],
                Engine = engine == Engines[0] ? null : engine,
                Overrides = overrides,
                Promotion = (PromotionRule)(int)spec.Promotion,
                PromotionAlias = spec.PromotionAlias.Length == 0 ? null : spec.PromotionAlias,
            },
            reference);
    }

    /// <summary>Looks up what a request names.</summary>
    /// <exception cref="InvalidRequestException">The network is not the base's.</exception>
    /// <exception cref="ResourceNotFoundException">There is no such data set.</exception>
    /// <exception cref="ModelNotFoundException">There is no such base.</exception>
    public FineTuneSpec Resolve(RequestedSpec requested)
    {
        var spec = requested.Spec;
        if (spec.DatasetId.Length > 0 && workspace.Datasets.Find(spec.DatasetId) is null)
            throw ResourceNotFoundException.Dataset(ResourceNames.OfDataset(spec.DatasetId));
        var origin = requested.Base is { } reference ? catalog.Find(reference) : null;
        if (origin is not null && spec.Network is { } network && network != origin.Manifest.Network)
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
        return spec with { Base = origin?.Id };
    }

    private static void CheckPromotion(Spec spec, FieldViolations violations)
    {
        violations.Require(Enum.IsDefined((PromotionRule)(int)spec.Promotion), "spec.promotion",
            $"is {(int)spec.Promotion}; expected 0 (never), 1 (always) or 2 (if better).");
        if (spec.PromotionAlias.Length == 0)
            return;
        violations.Require(ResourceIds.IsName(spec.PromotionAlias), "spec.promotion_alias", FieldViolations.AliasForm(spec.PromotionAlias));
        violations.Require(spec.Promotion != Protocol.V1.PromotionRule.Unspecified, "spec.promotion_alias",
            "is set, and spec.promotion is not, so it would mean nothing. Set spec.promotion, or leave the alias empty.");
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
            HeadSteps = check.Whole(given.HasHeadSteps, given.HeadSteps, "head_steps", 0, 10_000),
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
