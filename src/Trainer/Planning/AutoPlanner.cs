using BiT.Core.Store;

namespace BiT.Training.Planning;

/// <summary>The recipe <c>auto</c>: fits a run into a time budget on this machine and says what it chose and why.</summary>
/// <remarks>Pure: speed comes from <see cref="PlanRequest.SecondsPerImage"/>. The order of choices is method, batch, crop, a head that competes, steps. The
/// crop is
/// the largest at which the budget still pays for enough training; too short a run costs more accuracy than small photos do.</remarks>
internal sealed class AutoPlanner
{
    // The rest goes to reading photos, evaluation and publishing.
    private const double TrainingShare = 0.8;
    private const double EvaluationShare = 0.1;
    private const int MaxEvaluations = 20;
    private const double MostOnFeatures = 0.25;
    private const double MostOnCandidate = 0.2;
    private const double LeastBesideCandidate = 0.75;

    // A forward pass costs about a third of forward and backward.
    private const double ForwardShare = 1.0 / 3;

    // With fewer photos per class, training every weight mostly learns them by heart.
    private const double FewPhotosPerClass = 10;

    private const int HeadBatch = HyperRule.BaseBatchSize;

    // HyperRule's schedule for few photos, with many as well: this head is a start, not the result.
    private const int HeadFirstSteps = 500;
    private const int SmallestBatch = 32;
    private const int ScratchMinSteps = 500;
    private const int ScratchMinEpochs = 20;
    private const int ScratchMaxEpochs = 200;
    private const int TuneMinSteps = 200;
    private const int TuneMaxEpochs = 100;

    // The official lighter setting's rate (batch 128). HyperRule's 0.003 * B / 512 is meant for a schedule that sees 256,000 photos; a
    // schedule cut to a budget would barely move the head with it.
    private const double TuneLearningRate = 0.001;

    private readonly PlanRequest request;
    private readonly FineTuneOverrides overrides;
    private readonly DatasetFacts data;
    private readonly TimeSpan budget;
    private readonly bool isPretrained;
    private readonly Func<string, int, int, double> measure;
    private readonly Dictionary<(string Method, int Crop, int MicroBatch), double> measured = [];
    private readonly List<string> reasons = [];
    private int? headSteps;

    private AutoPlanner(PlanRequest request)
    {
        this.request = request;
        overrides = request.Spec.Overrides;
        data = request.Data;
        budget = overrides.TimeBudget ?? OverrideRules.DefaultTimeBudget;
        isPretrained = request.IsPretrained;
        measure = request.SecondsPerImage
            ?? throw new ArgumentException("The recipe auto needs SecondsPerImage to measure this machine.", nameof(request));
    }

    private double TrainingSeconds => budget.TotalSeconds * TrainingShare;

    /// <summary>Chooses the values of a run.</summary>
    /// <exception cref="PlanException">Not even one photo of the smallest crop fits into memory.</exception>
    public static RecipeValues Choose(PlanRequest request) => new AutoPlanner(request).Choose();

    private RecipeValues Choose()
    {
        string method = ChooseMethod();
        IReadOnlyList<int> crops = FittingCrops(method);
        if (crops.Count == 0)
            throw new PlanException([PlanAssembly.DoesNotFit(method, CandidateCrops(method)[0])]);
        RecipeValues values = method == "head" ? Head(crops) : Full(crops);
        return values with { TimeBudget = budget, Reasons = reasons };
    }

    private IReadOnlyList<int> CandidateCrops(string method)
    {
        if (overrides.Crop is { } crop)
            return [crop];
        int largest = (method == "head" ? request.LargestHeadCrop : request.LargestCrop) ?? int.MaxValue;
        return [.. CropLadder.For(data.MedianArea, isPretrained).Where(candidate => candidate <= largest)];
    }

    private IReadOnlyList<int> FittingCrops(string method) =>
        [.. CandidateCrops(method).Where(candidate => request.MaxMicroBatch(method, candidate) >= 1)];

    private string ChooseMethod()
    {
        if (request.Spec.Method != "auto")
        {
            reasons.Add($"Method {request.Spec.Method}: asked for.");
            return request.Spec.Method;
        }
        if (!isPretrained)
        {
            reasons.Add("Method full: there are no pre-trained weights, and features of a random backbone carry little.");
            return "full";
        }
        double perClass = (double)data.TrainCount / data.Labels.Count;
        if (perClass < FewPhotosPerClass)
        {
            reasons.Add($"Method head: {perClass:0.#} photos per class are too few to train all weights (under {FewPhotosPerClass}).");
            return "head";
        }
        IReadOnlyList<int> crops = FittingCrops("full");
        if (crops.Count == 0)
        {
            reasons.Add(
                $"Method head: the memory budget does not hold one photo at crop {CandidateCrops("full")[0]} when all weights are trained.");
            return "head";
        }
        int wanted = TuneMinSteps * (overrides.BatchSize ?? SmallestBatch);
        double affordable = AffordablePhotos("full", crops[0], overrides.BatchSize ?? SmallestBatch);
        if (affordable < wanted)
        {
            reasons.Add($"Method head: {Text(budget)} pay for training all weights on {affordable:N0} photos, {wanted:N0} are wanted.");
            return "head";
        }
        reasons.Add($"Method full: {perClass:0.#} photos per class and {Text(budget)} suffice to train all weights.");
        return "full";
    }

    private RecipeValues Head(IReadOnlyList<int> crops)
    {
        int batch = overrides.BatchSize ?? HeadBatch;
        long photos = (long)data.TrainCount + data.ValidationCount;
        int crop = LargestCrop("head", crops, batch, photos);
        double preparation = photos * Seconds("head", crop, batch);
        reasons.Add($"Batch {batch} and HyperRule's schedule: steps on computed features cost next to nothing.");
        var (floor, why) = Recipes.StandardizationFloor(data);
        reasons.Add(why);
        if (preparation > TrainingSeconds)
            reasons.Add($"Warning: the features alone take about {Text(TimeSpan.FromSeconds(preparation))}, more than the budget allows.");
        return new RecipeValues
        {
            Method = "head",
            Resolution = new Resolution(CropLadder.ResizeFor(crop), crop),
            BatchSize = batch,
            Schedule = LearningRateSchedule.FromHyperRule(HyperRule.Schedule(data.TrainCount, batch), HyperRule.LearningRate(batch)),
            MixupAlpha = 0,
            StandardizationFloor = floor,
            SecondsPerStep = 0,
            SecondsOfPreparation = preparation,
            Reasons = [],
        };
    }

    private RecipeValues Full(IReadOnlyList<int> crops)
    {
        int batch = ChooseBatch(crops[0]);
        int crop = LargestCrop("full", crops, batch, WantedPhotos(batch));
        double perImage = Seconds("full", crop, batch);
        var candidate = ChooseCandidate(crop, batch);
        int steps = ChooseSteps(crop, batch, candidate.Seconds);
        RecipeValues values = isPretrained ? Tune(crop, batch, steps) : Recipes.ScratchValues(request, crop, batch, steps);
        if (!isPretrained) reasons.AddRange(Recipes.ScratchReasons(batch));
        return values with
        {
            SecondsPerStep = perImage * batch,
            SecondsOfPreparation = FeatureSeconds(perImage) + candidate.Seconds,
            HeadCandidateCrop = candidate.Crop,
            EvaluationInterval = EvaluationInterval(overrides.Steps ?? steps, perImage),
        };
    }

    // What the budget pays for, behind the features of a head that is trained first.
    private double AffordablePhotos(string method, int crop, int batch)
    {
        double seconds = Seconds(method, crop, batch);
        return Math.Max(0, TrainingSeconds - (method == "full" ? FeatureSeconds(seconds) : 0)) / seconds;
    }

    // The head's few steps cost next to nothing.
    private double FeatureSeconds(double perImage) => HeadSteps == 0 ? 0 : FeaturesOfAll(perImage);

    private double FeaturesOfAll(double perImage) => ((double)data.TrainCount + data.ValidationCount) * perImage * ForwardShare;

    private int HeadSteps => headSteps ??= ChooseHeadSteps();

    private int ChooseHeadSteps()
    {
        if (overrides.HeadSteps is { } asked) return asked;
        if (!isPretrained || request.BaseKnowsClasses || FittingCrops("full") is not [var smallest, ..]) return 0;
        double seconds = FeaturesOfAll(Seconds("full", smallest, overrides.BatchSize ?? SmallestBatch));
        return seconds <= TrainingSeconds * MostOnFeatures ? HeadFirstSteps : 0;
    }

    // Whoever asks for all weights, or for a value of their training, gets them; without photos to compare by there is nothing to choose. All weights
    // keep most of what they want.
    private (int? Crop, double Seconds) ChooseCandidate(int fullCrop, int batch)
    {
        (int? Crop, double Seconds) best = (null, 0);
        bool isLeftToUs = request.Spec is { Method: "auto", Engine: null }
            && overrides with { TimeBudget = null, Seed = null, HeadSteps = null, EvaluationInterval = null } == new FineTuneOverrides();
        if (!isLeftToUs || data.ValidationCount == 0 || HeadSteps == 0) return best;
        double perImage = Seconds("full", fullCrop, batch);
        double most = Math.Min(budget.TotalSeconds * MostOnCandidate, (AffordablePhotos("full", fullCrop, batch) - LeastBesideCandidate * WantedPhotos(batch)) * perImage);
        foreach (int crop in FittingCrops("head").Where(crop => crop > fullCrop))
        {
            double seconds = FeaturesOfAll(perImage) * crop * crop / fullCrop / fullCrop;
            if (seconds > most) break;
            best = (crop, seconds);
        }
        return best;
    }

    private RecipeValues Tune(int crop, int batch, int steps)
    {
        double rate = request.TuneRate ?? TuneLearningRate;
        string why = request.TuneRate is null ? "the lighter setting's rate, as the schedule is shorter than the paper's" : "measured best for this small network";
        reasons.Add($"Learning rate {rate} in HyperRule's staircase over {steps:N0} steps: {why}.");
        if (HeadSteps == 0 && overrides.HeadSteps is null && !request.BaseKnowsClasses)
            reasons.Add($"All weights from the first step: features of {data.TrainCount:N0} photos for a head alone would take more than {TrainingShare * MostOnFeatures:P0} of the budget.");
        var schedule = LearningRateSchedule.FromHyperRule(HyperRule.Schedule(data.TrainCount), rate);
        return new RecipeValues
        {
            Method = "full",
            Resolution = new Resolution(CropLadder.ResizeFor(crop), crop),
            BatchSize = batch,
            Schedule = schedule.ScaledTo(steps),
            MixupAlpha = HyperRule.MixupAlpha(data.TrainCount),
            HeadSteps = HeadSteps,
            Reasons = [],
        };
    }

    private int ChooseBatch(int smallestCrop)
    {
        if (overrides.BatchSize is { } asked) return asked;
        int usual = isPretrained
            ? data.TrainCount switch { < 500 => 32, < 5000 => 64, _ => 128 }
            : data.TrainCount < 1000 ? 32 : 64;
        int wantedSteps = isPretrained ? TuneMinSteps : 4 * ScratchMinSteps;
        double affordable = AffordablePhotos("full", smallestCrop, usual);
        int batch = affordable < (double)wantedSteps * usual ? SmallestBatch : usual;
        reasons.Add(batch == usual
            ? $"Batch {batch}: usual for {data.TrainCount:N0} photos {(isPretrained ? "and pre-trained weights" : "from random weights")}."
            : $"Batch {batch} instead of {usual}: the budget is short, and more small steps learn more than few large ones.");
        return batch;
    }

    private long WantedPhotos(int batch)
    {
        if (overrides.Steps is { } asked) return (long)asked * batch;
        if (isPretrained) return (long)TuneMinSteps * batch;
        return Math.Max((long)ScratchMinSteps * batch, (long)ScratchMinEpochs * data.TrainCount);
    }

    /// <summary>Walks up from the smallest crop while the budget pays for the photos; so nothing much slower than the choice is
    /// measured.</summary>
    private int LargestCrop(string method, IReadOnlyList<int> crops, int batch, long wantedPhotos)
    {
        int chosen = crops[0];
        bool isAsked = overrides.Crop is not null;
        string limit = isAsked ? "asked for" : "larger is of no use for these photos, or does not fit into memory";
        foreach (int crop in crops)
        {
            double affordable = AffordablePhotos(method, crop, batch);
            if (affordable >= wantedPhotos)
            {
                chosen = crop;
                continue;
            }
            limit = crop == chosen
                ? $"{(isAsked ? "asked for" : "the smallest there is")}; {Text(budget)} pay for {affordable:N0} photos, "
                    + $"{wantedPhotos:N0} are wanted, so expect less accuracy"
                : $"{Text(budget)} would pay for {affordable:N0} photos at crop {crop}, {wantedPhotos:N0} are wanted";
            break;
        }
        reasons.Add($"Crop {chosen} at {1 / Seconds(method, chosen, batch):N0} photos/s measured: {limit}.");
        return chosen;
    }

    private int ChooseSteps(int crop, int batch, double secondsOfCandidate)
    {
        double photos = AffordablePhotos("full", crop, batch) - secondsOfCandidate / Seconds("full", crop, batch);
        long affordable = (long)Math.Min(OverrideRules.MaxSteps, photos / batch);
        long useful = MostUsefulSteps(batch);
        int steps = (int)Math.Max(1, Math.Min(affordable, useful));
        if (overrides.Steps is not null) return steps;
        double epochs = (double)steps * batch / data.TrainCount;
        reasons.Add(affordable < useful
            ? $"{steps:N0} steps of {batch}: fill {TrainingShare:P0} of {Text(budget)}; {epochs:0.#} epochs."
            : $"{steps:N0} steps of {batch}: {epochs:0.#} epochs are enough; the rest of {Text(budget)} stays unused.");
        return steps;
    }

    private long MostUsefulSteps(int batch)
    {
        int epoch = Recipes.StepsPerEpoch(data.TrainCount, batch);
        if (!isPretrained) return Math.Clamp((long)ScratchMaxEpochs * epoch, 2 * ScratchMinSteps, OverrideRules.MaxSteps);
        int hyperRule = HyperRule.Schedule(data.TrainCount, batch)[^1];
        return Math.Min(hyperRule, Math.Max(2 * TuneMinSteps, (long)TuneMaxEpochs * epoch));
    }

    private int EvaluationInterval(int steps, double perImage)
    {
        double seconds = Math.Max(1, data.ValidationCount) * perImage * ForwardShare;
        int evaluations = (int)Math.Clamp(budget.TotalSeconds * EvaluationShare / seconds, 1, MaxEvaluations);
        return Math.Max(1, (steps + evaluations - 1) / evaluations);
    }

    private double Seconds(string method, int crop, int batch)
    {
        int microBatch = overrides.MicroBatchSize ?? PlanAssembly.LargestDivisor(batch, request.MaxMicroBatch(method, crop));
        if (measured.TryGetValue((method, crop, microBatch), out double known)) return known;
        double seconds = measure(method, crop, microBatch);
        if (!(seconds > 0 && double.IsFinite(seconds)))
            throw new ArgumentException($"SecondsPerImage({method}, {crop}, {microBatch}) gave {seconds}; expected a number over 0.");
        return measured[(method, crop, microBatch)] = seconds;
    }

    private static string Text(TimeSpan time) => time.TotalMinutes < 2 ? $"{time.TotalSeconds:0} seconds"
        : time.TotalHours < 2 ? $"{time.TotalMinutes:0.#} minutes"
        : $"{time.TotalHours:0.#} hours";
}
