using BiT.Core.Store;

namespace BiT.Training.Planning;

/// <summary>Puts a recipe's values, the overrides and the memory limit together into a plan.</summary>
internal static class PlanAssembly
{
    internal const string DefaultNetwork = "bit-tiny";
    private const int DefaultEvaluations = 20;

    public static TrainingPlan Assemble(PlanRequest request, RecipeValues values)
    {
        FineTuneOverrides overrides = request.Spec.Overrides;
        DatasetFacts data = request.Data;
        var reasons = new List<string>(values.Reasons);
        if (request.Backbone is { } backbone)
            reasons.Add($"Starts from the backbone {backbone.Name} that comes with the trainer; the recipe scratch starts from random weights.");
        if (!request.IsPretrained && values.Method == "head")
            reasons.Add("Warning: the backbone is random, its features carry little; expect low accuracy. Give a base, or train full.");
        else if (!request.IsPretrained && request.Spec.Recipe is "paper" or "lite")
            reasons.Add("Warning: there is no base; this recipe is made for pre-trained weights and learns slowly from random ones.");

        Resolution resolution = ResolutionWith(overrides, values.Resolution);
        LearningRateSchedule schedule = ScheduleWith(overrides, values.Schedule);
        reasons.AddRange(OverrideReasons(overrides));
        int interval = overrides.EvaluationInterval
            ?? values.EvaluationInterval
            ?? Math.Max(Recipes.StepsPerEpoch(data.TrainCount, values.BatchSize), schedule.Steps / DefaultEvaluations);
        var plan = new TrainingPlan
        {
            Method = values.Method,
            Recipe = request.Spec.Recipe,
            Network = request.Spec.Network ?? request.BaseNetwork ?? DefaultNetwork,
            Engine = request.Spec.Engine,
            Base = request.Spec.Base,
            Backbone = request.Backbone,
            DatasetId = data.DatasetId,
            Labels = data.Labels,
            TrainCount = data.TrainCount,
            ValidationCount = data.ValidationCount,
            MedianArea = data.MedianArea,
            Resize = resolution.Resize,
            Crop = resolution.Crop,
            BatchSize = values.BatchSize,
            MicroBatchSize = MicroBatch(request, values, resolution.Crop, reasons),
            Schedule = schedule,
            Momentum = overrides.Momentum ?? values.Momentum,
            WeightDecay = overrides.WeightDecay ?? values.WeightDecay,
            MixupAlpha = overrides.MixupAlpha ?? values.MixupAlpha,
            EvaluationInterval = Math.Clamp(interval, 1, schedule.Steps),
            EarlyStoppingPatience = overrides.EarlyStoppingPatience ?? values.EarlyStoppingPatience,
            StandardizationFloor = values.StandardizationFloor,
            HeadFirst = HeadFirst(request, values, resolution.Crop, reasons),
            HeadCandidate = HeadCandidate(request, values, reasons),
            Seed = overrides.Seed ?? 0,
            TimeBudget = values.TimeBudget,
            EstimatedTime = values.SecondsPerStep is { } seconds
                ? TimeSpan.FromSeconds(Math.Round((seconds * schedule.Steps) + values.SecondsOfPreparation, 3))
                : null,
            Reasons = reasons,
        };
        if (plan.SampleWithReplacement)
            reasons.Add($"Drawn with replacement: {plan.TrainCount} photos are fewer than a micro-batch of {plan.MicroBatchSize}.");
        plan.Check();
        return plan;
    }

    /// <summary>The largest divisor of the batch that is at most the limit.</summary>
    public static int LargestDivisor(int batch, int limit)
    {
        int divisor = Math.Min(batch, limit);
        while (batch % divisor != 0) divisor--;
        return divisor;
    }

    private static Resolution ResolutionWith(FineTuneOverrides overrides, Resolution recipes)
    {
        int crop = overrides.Crop ?? recipes.Crop;
        int resize = overrides.Resize ?? (crop == recipes.Crop ? recipes.Resize : CropLadder.ResizeFor(crop));
        return new Resolution(resize, crop);
    }

    private static LearningRateSchedule ScheduleWith(FineTuneOverrides overrides, LearningRateSchedule recipes)
    {
        LearningRateSchedule schedule = overrides.Steps is { } steps && steps != recipes.Steps ? recipes.ScaledTo(steps) : recipes;
        return schedule with
        {
            BaseRate = overrides.LearningRate ?? schedule.BaseRate,
            WarmupSteps = overrides.WarmupSteps ?? schedule.WarmupSteps,
        };
    }

    private static HeadPhase? HeadFirst(PlanRequest request, RecipeValues values, int crop, List<string> reasons)
    {
        int steps = request.Spec.Overrides.HeadSteps ?? values.HeadSteps;
        if (steps == 0)
            return null;
        if (values.Method != "full")
        {
            reasons.Add($"Warning: {steps:N0} head steps were asked for; they mean nothing to the method {values.Method}.");
            return null;
        }
        if (!request.IsPretrained)
            throw new PlanException([$"head_steps is {steps:N0}, but the run starts from random weights, whose features carry little. Leave it out, or give a base."]);
        if (request.MaxMicroBatch("head", crop) < 1)
            throw new PlanException([DoesNotFit("head", crop)]);
        var phase = Phase(request, steps, crop);
        reasons.Add($"The new head first, alone, on the features of the frozen backbone: {steps:N0} steps of {phase.BatchSize}. All weights then start from a head that knows something.");
        reasons.Add(Recipes.StandardizationFloor(request.Data).Reason);
        return phase;
    }

    private static HeadPhase? HeadCandidate(PlanRequest request, RecipeValues values, List<string> reasons)
    {
        if (values.HeadCandidateCrop is not { } crop)
            return null;
        reasons.Add($"A head alone as well, at crop {crop}: what has more of the validation photos right is published.");
        return Phase(request, values.HeadSteps, crop) with { Crop = crop };
    }

    private static HeadPhase Phase(PlanRequest request, int steps, int crop)
    {
        int batch = HyperRule.BaseBatchSize;
        var schedule = LearningRateSchedule.FromHyperRule(HyperRule.Schedule(request.Data.TrainCount), HyperRule.BaseLearningRate);
        return new HeadPhase(batch, LargestDivisor(batch, request.MaxMicroBatch("head", crop)), steps == schedule.Steps ? schedule : schedule.ScaledTo(steps))
        {
            StandardizationFloor = Recipes.StandardizationFloor(request.Data).Floor,
        };
    }

    /// <summary>Why nothing can be trained at a crop whose limit is 0.</summary>
    public static string DoesNotFit(string method, int crop) => method == "head"
        ? $"The memory budget does not hold the backbone and one photo at crop {crop}; choose a smaller crop or network."
        : $"The memory budget does not hold one photo at crop {crop} when all weights are trained; choose a smaller crop or network, "
            + "or the method head.";

    private static int MicroBatch(PlanRequest request, RecipeValues values, int crop, List<string> reasons)
    {
        int batch = values.BatchSize;
        int limit = request.MaxMicroBatch(values.Method, crop);
        // The features are computed before, in passes of their own: the crop does not matter to the head.
        string what = values.Method == "head" ? "feature vectors" : "photos";
        string where = values.Method == "head" ? "" : $" at crop {crop}";
        if (request.Spec.Overrides.MicroBatchSize is { } asked)
        {
            if (limit < 1)
                reasons.Add($"Warning: micro-batch {asked} was asked for. {DoesNotFit(values.Method, crop)}");
            else if (asked > limit)
                reasons.Add($"Warning: micro-batch {asked} was asked for; the memory budget holds {limit} {what}{where}.");
            return asked;
        }
        if (limit < 1)
            throw new PlanException([DoesNotFit(values.Method, crop)]);
        int microBatch = LargestDivisor(batch, limit);
        reasons.Add(microBatch == batch
            ? $"Micro-batch {microBatch}: the whole batch of {what} fits into the memory budget{where}."
            : $"Micro-batch {microBatch}: the largest divisor of the batch {batch} within the {limit} {what} that fit into the memory "
                + $"budget{where}; {batch / microBatch} passes per step.");
        return microBatch;
    }

    private static IEnumerable<string> OverrideReasons(FineTuneOverrides overrides)
    {
        if (overrides.Steps is { } steps) yield return $"{steps:N0} steps were asked for; the schedule is scaled to them.";
        var given = new List<string>();
        Add("batch size", overrides.BatchSize);
        Add("micro-batch size", overrides.MicroBatchSize);
        Add("learning rate", overrides.LearningRate);
        Add("resize", overrides.Resize);
        Add("crop", overrides.Crop);
        Add("MixUp alpha", overrides.MixupAlpha);
        Add("momentum", overrides.Momentum);
        Add("weight decay", overrides.WeightDecay);
        Add("warm-up steps", overrides.WarmupSteps);
        Add("evaluation interval", overrides.EvaluationInterval);
        Add("early stopping patience", overrides.EarlyStoppingPatience);
        if (given.Count > 0) yield return $"Asked for: {string.Join(", ", given)}.";

        void Add<T>(string name, T? value) where T : struct
        {
            if (value is { } set) given.Add($"{name} {set}");
        }
    }
}
