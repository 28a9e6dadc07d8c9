using BiT.Core.Store;

namespace BiT.Training.Planning;

/// <summary>Turns what was asked for into a plan: <c>paper</c>, <c>lite</c>, <c>tutorial</c>, <c>scratch</c> and <c>auto</c>.</summary>
public static class Recipes
{
    // Weight decay and rate of the paper's upstream training: 1e-4, and 0.03 per 256 photos. That rate is meant for weeks of training: a run
    // of minutes with small batches learns faster with more. On 64 px photos 0.012 at batch 64 was seen to learn and 0.06 not to learn at all;
    // on drawings at batch 32, 0.00375, 0.01, 0.02 and 0.03 reached 86, 94, 92 and 92 %.
    private const double ScratchLearningRate = 0.03;
    private const int ScratchLearningRateBatch = 256;
    private const double ScratchSmallBatchRate = 0.012;
    private const int ScratchSmallBatch = 38;
    private const double ScratchWeightDecay = 1e-4;
    private const int ScratchEpochs = 40;
    private const int ScratchMinSteps = 1000;
    private const int ScratchMaxCrop = 224;

    private const int LiteBatchSize = 128;
    private const double LiteLearningRate = 0.001;

    private const int TutorialBatchSize = 64;

    // With few photos per class a head generalises better if small features stay small; see docs/decisions/0011.
    private const double ManyPhotosPerClass = 40;
    private const double SmallFloor = 0.1;
    private const double LargeFloor = 1;

    /// <summary>Resolves every value of a run.</summary>
    /// <exception cref="PlanException">Something asked for is out of range or contradicts something else; every violation is
    /// listed.</exception>
    /// <exception cref="ArgumentException">The recipe is <c>auto</c> and <see cref="PlanRequest.SecondsPerImage"/> is null.</exception>
    public static TrainingPlan Resolve(PlanRequest request)
    {
        var violations = OverrideRules.Violations(request.Spec).Concat(RequestViolations(request)).ToList();
        if (violations.Count > 0) throw new PlanException(violations);
        RecipeValues values = request.Spec.Recipe switch
        {
            "paper" => Paper(request),
            "lite" => Lite(request),
            "tutorial" => Tutorial(request),
            "scratch" => Scratch(request),
            _ => AutoPlanner.Choose(request),
        };
        return PlanAssembly.Assemble(request, values);
    }

    /// <summary><see cref="TrainingPlan.StandardizationFloor"/> where a head's features are standardised, and why.</summary>
    internal static (double Floor, string Reason) StandardizationFloor(DatasetFacts data)
    {
        double perClass = (double)data.TrainCount / data.Labels.Count;
        return perClass < ManyPhotosPerClass
            ? (LargeFloor, $"Features of the head standardised mildly (floor {LargeFloor}): {perClass:0.#} photos per class are too few (under {ManyPhotosPerClass}) for small features to count as much as large ones.")
            : (SmallFloor, $"Features of the head standardised (floor {SmallFloor}): {perClass:0.#} photos per class suffice (from {ManyPhotosPerClass} on) for small features to count as much as large ones.");
    }

    private static RecipeValues Paper(PlanRequest request)
    {
        int batch = request.Spec.Overrides.BatchSize ?? HyperRule.BaseBatchSize;
        var schedule = LearningRateSchedule.FromHyperRule(
            HyperRule.Schedule(request.Data.TrainCount, batch), HyperRule.LearningRate(batch));
        string why = batch == HyperRule.BaseBatchSize
            ? "Batch 512 and learning rate 0.003: the paper's."
            : $"Batch {batch} instead of 512: the learning rate is scaled by {batch}/512 and the schedule by 512/{batch}.";
        return HyperRuleValues(request, batch, schedule, why);
    }

    private static RecipeValues Lite(PlanRequest request)
    {
        // The README's lighter setting keeps HyperRule's steps: a quarter of the photos is seen.
        int batch = request.Spec.Overrides.BatchSize ?? LiteBatchSize;
        var schedule = LearningRateSchedule.FromHyperRule(
            HyperRule.Schedule(request.Data.TrainCount), LiteLearningRate * batch / LiteBatchSize);
        if (batch != LiteBatchSize) schedule = schedule.ScaledTo(HyperRule.ScaleStep(schedule.Steps, LiteBatchSize, batch));
        string why = batch == LiteBatchSize
            ? "Batch 128 and learning rate 0.001 over HyperRule's steps: the official lighter setting."
            : $"Batch {batch} instead of 128: the learning rate is scaled by {batch}/128 and the schedule by 128/{batch}.";
        return HyperRuleValues(request, batch, schedule, why);
    }

    private static RecipeValues HyperRuleValues(PlanRequest request, int batch, LearningRateSchedule schedule, string whyBatch)
    {
        DatasetFacts data = request.Data;
        Resolution resolution = HyperRule.ResolutionOf(data.MedianArea);
        double alpha = HyperRule.MixupAlpha(data.TrainCount);
        return new RecipeValues
        {
            Method = MethodOr(request, "full"),
            Resolution = resolution,
            BatchSize = batch,
            Schedule = schedule,
            MixupAlpha = alpha,
            Reasons =
            [
                $"Resize {resolution.Resize}, crop {resolution.Crop}: HyperRule for photos of {data.MedianArea:N0} pixels "
                    + $"({(resolution.Crop == 128 ? "less than" : "at least")} 96 x 96).",
                $"{schedule.Steps:N0} steps, MixUp {(alpha == 0 ? "off" : alpha)}: HyperRule for {data.TrainCount:N0} photos.",
                whyBatch,
                "Early stopping off: the recipe trains to the end and keeps the best weights.",
            ],
        };
    }

    /// <remarks>Values of the widely copied Keras example. It scales the end (500 * 512 / 64 = 4000 steps) but not the boundaries, and
    /// has no
    /// warm-up; early stopping ends it long before. Its PiecewiseConstantDecay has HyperRule's strictness: a decay at x acts at x +
    /// 1.</remarks>
    private static RecipeValues Tutorial(PlanRequest request)
    {
        int batch = request.Spec.Overrides.BatchSize ?? TutorialBatchSize;
        int epoch = StepsPerEpoch(request.Data.TrainCount, batch);
        bool canStop = request.Data.ValidationCount > 0;
        return new RecipeValues
        {
            Method = MethodOr(request, "head"),
            Resolution = new Resolution(384, 224),
            BatchSize = batch,
            Schedule = new LearningRateSchedule
            {
                Shape = ScheduleShape.Staircase,
                BaseRate = HyperRule.LearningRate(batch),
                WarmupSteps = 0,
                DecayBoundaries = [200, 300, 400],
                Steps = Math.Max(500, HyperRule.ScaleStep(500, HyperRule.BaseBatchSize, batch)),
            },
            MixupAlpha = 0,
            EvaluationInterval = epoch,
            EarlyStoppingPatience = canStop ? 2 : 0,
            Reasons =
            [
                $"Resize 384, crop 224, batch {batch}, boundaries 200, 300, 400, no warm-up: the tutorial's values.",
                canStop
                    ? $"Stops after 2 evaluations without improvement; one evaluation per epoch of {epoch} steps."
                    : "Early stopping off: there are no validation photos.",
            ],
        };
    }

    private static RecipeValues Scratch(PlanRequest request)
    {
        int trainCount = request.Data.TrainCount;
        int crop = CropLadder.For(request.Data.MedianArea, isPretrained: false).Last(crop => crop <= ScratchMaxCrop);
        int batch = request.Spec.Overrides.BatchSize ?? (trainCount < 1000 ? 32 : 64);
        int steps = Math.Clamp((int)Math.Min(OverrideRules.MaxSteps, (long)ScratchEpochs * StepsPerEpoch(trainCount, batch)),
            ScratchMinSteps, OverrideRules.MaxSteps);
        return ScratchValues(request, crop, batch, steps) with
        {
            Reasons =
            [
                $"Crop {crop}: enough for photos of {request.Data.MedianArea:N0} pixels; larger costs time and teaches little.",
                $"{steps:N0} steps of {batch}: {ScratchEpochs} epochs, at least {ScratchMinSteps:N0} steps.",
                .. ScratchReasons(batch),
            ],
        };
    }

    /// <summary>A run from random weights; reasons are left to the caller.</summary>
    internal static RecipeValues ScratchValues(PlanRequest request, int crop, int batch, int steps) => new()
    {
        Method = "full",
        Resolution = new Resolution(CropLadder.ResizeFor(crop), crop),
        BatchSize = batch,
        Schedule = LearningRateSchedule.Cosine(ScratchRate(batch), ScratchWarmup(steps), steps),
        MixupAlpha = HyperRule.MixupAlpha(request.Data.TrainCount),
        WeightDecay = ScratchWeightDecay,
        Reasons = [],
    };

    internal static IEnumerable<string> ScratchReasons(int batch) =>
    [
        $"Learning rate {ScratchRate(batch):G3} with warm-up and cosine, weight decay {ScratchWeightDecay}: the upstream recipe for random weights, "
            + "with a higher rate at batches below 102.",
        "Early stopping off: accuracy rises late under a cosine; the best weights are kept.",
    ];

    internal static double ScratchRate(int batch) => Math.Max(
        ScratchLearningRate * batch / ScratchLearningRateBatch, ScratchSmallBatchRate * Math.Min(1, (double)batch / ScratchSmallBatch));

    internal static string MethodOr(PlanRequest request, string recipesOwn) =>
        request.Spec.Method == "auto" ? recipesOwn : request.Spec.Method;

    internal static int StepsPerEpoch(int trainCount, int batch) => (int)(((long)trainCount + batch - 1) / batch);

    // A twentieth of the run, 20 to 500 steps, never more than half of a very short run.
    internal static int ScratchWarmup(int steps) => Math.Min(steps / 2, Math.Clamp(steps / 20, 20, 500));

    private static IEnumerable<string> RequestViolations(PlanRequest request)
    {
        DatasetFacts data = request.Data;
        if (data.Labels.Count < 2)
            yield return $"The data set has {data.Labels.Count} class(es); expected at least 2. Add photos of another class.";
        if (data.TrainCount < 1 || data.MedianArea < 1)
            yield return $"The data set has {data.TrainCount} training photos; expected at least 1 per class.";
        if (request is { Spec.Base: not null, Spec.Network: { } network, BaseNetwork: { } baseNetwork } && network != baseNetwork)
            yield return $"network is '{network}', but the base is a {baseNetwork}; leave the network out, or choose another base.";
    }
}
