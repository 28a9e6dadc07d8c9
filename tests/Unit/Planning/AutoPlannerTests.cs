using BiT.Core.Store;
using BiT.Training.Planning;
using CsCheck;

namespace BiT.Tests.Unit.Planning;

public sealed class AutoPlannerTests
{
    // A made-up machine: 190 photos of 64 px per second forward and backward, cost by area, a forward pass a third of it.
    private static double Speed(string method, int crop, int microBatch) =>
        crop / 64.0 * (crop / 64.0) / 190 / (method == "head" ? 3 : 1);

    private static TrainingPlan Plan(PlanRequest request) => Recipes.Resolve(request with { SecondsPerImage = Speed });

    private static FineTuneOverrides Budget(double minutes) => new() { TimeBudget = TimeSpan.FromMinutes(minutes) };

    [Fact]
    public void Auto_NoBase_TrainsFromScratchWithinTheBudget()
    {
        TrainingPlan plan = Plan(PlanRequests.For("auto", hasBase: false));
        Assert.Equal(("full", ScheduleShape.Cosine, 1e-4), (plan.Method, plan.Schedule.Shape, plan.WeightDecay));
        // 480 s pay for 14,592 photos at crop 160 (under the wanted 500 steps of 32) and for 22,800 at crop 128: 712 steps.
        Assert.Equal((128, 160, 32, 712), (plan.Crop, plan.Resize, plan.BatchSize, plan.Steps));
        Assert.Equal(TimeSpan.FromMinutes(10), plan.TimeBudget);
        Assert.Equal(480, (plan.EstimatedTime ?? TimeSpan.Zero).TotalSeconds, 1.0);
        Assert.Contains(plan.Reasons, reason => reason.StartsWith("Crop 128", StringComparison.Ordinal) && reason.Contains("crop 160"));
    }

    [Fact]
    public void Auto_ShippedBackbone_TunesAtItsRateAndNoLargerThanItsCrop()
    {
        var request = PlanRequests.For("auto", hasBase: false) with { Backbone = new ShippedBackbone("bit-tiny", new string('a', 64)), LargestCrop = 128, LargestHeadCrop = 160, TuneRate = 0.01 };
        TrainingPlan plan = Plan(request);

        // Without the limit the budget pays for 224, as with a base.
        Assert.Equal(("full", 128, 0.01, ScheduleShape.Staircase), (plan.Method, plan.Crop, plan.LearningRate, plan.Schedule.Shape));
        Assert.Equal((0.0, "bit-tiny"), (plan.WeightDecay, plan.Backbone?.Name));
        Assert.DoesNotContain(plan.Reasons, reason => reason.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Equal(224, Plan(request with { LargestCrop = null }).Crop);
        var head = request with { Spec = request.Spec with { Method = "head" } };
        Assert.Equal((160, 384), (Plan(head).Crop, Plan(head with { LargestHeadCrop = null }).Crop));
    }

    [Fact]
    public void Auto_BaseOfOtherClasses_TrainsTheNewHeadFirst()
    {
        TrainingPlan plan = Plan(PlanRequests.For("auto"));

        var head = plan.HeadFirst ?? throw new InvalidOperationException("The head is not trained first.");
        Assert.Equal((512, 512, 500, 0.003), (head.BatchSize, head.MicroBatchSize, head.Schedule.Steps, head.Schedule.BaseRate));
        var alone = head.PlanOf(plan);
        Assert.Equal(("head", 500, 0.003, plan.Crop, plan.Seed), (alone.Method, alone.Steps, alone.LearningRate, alone.Crop, alone.Seed));
        Assert.Null(alone.HeadFirst);
        Assert.Contains(plan.Reasons, reason => reason.StartsWith("The new head first", StringComparison.Ordinal));
        // The plan survives the store, and says another thing than one without.
        Assert.Equal(plan.ToJson(), TrainingPlan.FromJson(plan.ToJson()).ToJson());
        Assert.NotEqual(plan.Hash, (plan with { HeadFirst = null }).Hash);
    }

    [Fact]
    public void Auto_HeadAloneOrFirst_IsTrainedOnStandardisedFeatures()
    {
        var head = Plan(PlanRequests.For("auto", method: "head"));
        var first = Plan(PlanRequests.For("auto"));

        // 80 photos per class.
        Assert.Equal(0.1, head.StandardizationFloor);
        Assert.All((TrainingPlan[])[head, first], plan =>
            Assert.Contains(plan.Reasons, reason => reason.StartsWith("Features of the head standardised (floor 0.1): 80 photos per class", StringComparison.Ordinal)));
        Assert.Equal((null, 0.1, 0.1), (first.StandardizationFloor, first.HeadFirst?.StandardizationFloor, first.HeadFirst?.PlanOf(first).StandardizationFloor));
        // Below 40 photos per class.
        Assert.Equal(0.1, Plan(PlanRequests.For("auto", method: "head", trainCount: 200)).StandardizationFloor);
        Assert.Equal(1, Plan(PlanRequests.For("auto", method: "head", trainCount: 199)).StandardizationFloor);
        Assert.All((TrainingPlan[])[head, first], plan => Assert.Equal(plan.Hash, TrainingPlan.FromJson(plan.ToJson()).Hash));
        // They train to other weights, so they are other plans.
        Assert.NotEqual(head.Hash, (head with { StandardizationFloor = null }).Hash);
        Assert.Equal(0.1, Recipes.Resolve(PlanRequests.For("lite", overrides: new FineTuneOverrides { HeadSteps = 9 })).HeadFirst?.StandardizationFloor);
        // The method head of the published recipes trains on the features as they are, and their plans say what they always said.
        Assert.All((string[])["paper", "lite"], recipe =>
            Assert.DoesNotContain("standardization", Recipes.Resolve(PlanRequests.For(recipe, method: "head")).ToJson(), StringComparison.Ordinal));
    }

    [Fact]
    public void Auto_MorePhotosThanTheBudgetPaysFeaturesOf_TrainsAllWeightsAtOnce()
    {
        // 48 s pay for 9,120 photos of 64 px; the features of 100,100 would take 176 s of them.
        var tight = Plan(PlanRequests.For("auto", trainCount: 100_000, overrides: Budget(1)));
        Assert.Equal(("full", null, 285), (tight.Method, tight.HeadFirst, tight.Steps));
        Assert.Contains(tight.Reasons, reason => reason.StartsWith("All weights from the first step", StringComparison.Ordinal));
        // With time for both, the head takes as few steps as with few photos.
        var ample = Plan(PlanRequests.For("auto", trainCount: 100_000, overrides: Budget(600)));
        Assert.Equal(500, ample.HeadFirst?.Schedule.Steps);
        Assert.InRange(ample.Steps, 200, int.MaxValue);
    }

    [Fact]
    public void Auto_HeadThatExistsOrIsNotAskedFor_IsNotTrainedFirst()
    {
        Assert.Null(Plan(PlanRequests.For("auto") with { BaseKnowsClasses = true }).HeadFirst);
        Assert.Null(Plan(PlanRequests.For("auto", overrides: new FineTuneOverrides { HeadSteps = 0 })).HeadFirst);
        Assert.Null(Plan(PlanRequests.For("auto", hasBase: false)).HeadFirst);
        Assert.Null(Plan(PlanRequests.For("auto", method: "head")).HeadFirst);
        Assert.All((string[])["paper", "lite"], recipe => Assert.Null(Recipes.Resolve(PlanRequests.For(recipe)).HeadFirst));
    }

    [Fact]
    public void Auto_MethodLeftToIt_LetsAHeadAtItsOwnCropCompete()
    {
        TrainingPlan plan = Plan(PlanRequests.For("auto"));

        // Features of 500 photos: 31.6 s at 384, which is under a fifth of 600 s.
        var candidate = plan.HeadCandidate ?? throw new InvalidOperationException("There is none.");
        Assert.Equal((224, 384, 500, 0.1), (plan.Crop, candidate.Crop, candidate.Schedule.Steps, candidate.StandardizationFloor));
        var alone = candidate.PlanOf(plan);
        alone.Check();
        Assert.Equal(("head", 384, null, null), (alone.Method, alone.Crop, alone.HeadFirst, alone.HeadCandidate));
        Assert.Contains(plan.Reasons, reason => reason.StartsWith("A head alone as well, at crop 384", StringComparison.Ordinal));
        Assert.Equal(plan.ToJson(), TrainingPlan.FromJson(plan.ToJson()).ToJson());
        Assert.NotEqual(plan.Hash, (plan with { HeadCandidate = null }).Hash);
        Assert.Throws<PlanException>(() => (plan with { ValidationCount = 0, EarlyStoppingPatience = 0 }).Check());
        // A fifth of 90 s pays for 224, whose features take 10.7 s, not for the 31.6 s of 384. Of the 72 s of training 60.4 are left for all weights.
        var shorter = Plan(PlanRequests.For("auto", overrides: Budget(1.5)));
        Assert.Equal((64, 224, 358), (shorter.Crop, shorter.HeadCandidate?.Crop, shorter.Steps));
        // 34.6 s of training pay for 12 photos more than the 6,400 that all weights want; they keep three quarters of these. 5.5 s are for 160.
        var shortest = Plan(PlanRequests.For("auto", overrides: Budget(43.28 / 60)));
        Assert.Equal(("full", 64, 160, 167), (shortest.Method, shortest.Crop, shortest.HeadCandidate?.Crop, shortest.Steps));
    }

    [Fact]
    public void Auto_WithNothingToChoose_HasNoHeadThatCompetes()
    {
        PlanRequest request = PlanRequests.For("auto");
        PlanRequest[] others =
        [
            request with { BaseKnowsClasses = true },
            PlanRequests.For("auto", method: "full"),
            PlanRequests.For("auto", method: "head"),
            PlanRequests.For("auto", validationCount: 0),
            PlanRequests.For("auto", hasBase: false),
            PlanRequests.For("auto", overrides: new FineTuneOverrides { Crop = 96 }),
            PlanRequests.For("auto", overrides: new FineTuneOverrides { LearningRate = 0.02 }),
            PlanRequests.For("auto", overrides: new FineTuneOverrides { HeadSteps = 0 }),
            // At the crop of all weights it is what is trained first.
            PlanRequests.For("auto", medianArea: 64 * 64),
        ];
        Assert.All(others, other => Assert.Null(Plan(other).HeadCandidate));
        // Nothing is set aside for it either.
        var (left, asked) = (Plan(others[^1]), Plan(PlanRequests.For("auto", method: "full", medianArea: 64 * 64)));
        Assert.Equal((asked.Steps, asked.Crop, asked.EstimatedTime), (left.Steps, left.Crop, left.EstimatedTime));
    }

    [Fact]
    public void HeadSteps_AskedFor_ScaleTheScheduleOfTheHead()
    {
        var plan = Recipes.Resolve(PlanRequests.For("lite", overrides: new FineTuneOverrides { HeadSteps = 50 }) with { MaxMicroBatch = (method, _) => method == "head" ? 300 : 64 });

        Assert.Equal((50, 10, 512, 256), (plan.HeadFirst?.Schedule.Steps, plan.HeadFirst?.Schedule.WarmupSteps, plan.HeadFirst?.BatchSize, plan.HeadFirst?.MicroBatchSize));
        foreach (var request in (PlanRequest[])[PlanRequests.For("lite", hasBase: false, overrides: new FineTuneOverrides { HeadSteps = 50 }),
            PlanRequests.For("lite", method: "head", overrides: new FineTuneOverrides { HeadSteps = 50 }),
            PlanRequests.For("scratch", hasBase: false, overrides: new FineTuneOverrides { HeadSteps = 50 })])
            Assert.Contains("head_steps", Assert.Throws<PlanException>(() => Recipes.Resolve(request)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9, "head")] // under 10 photos per class
    [InlineData(10, "full")]
    public void Auto_Base_FewPhotosTrainTheHeadOnly(int perClass, string method) =>
        Assert.Equal(method, Plan(PlanRequests.For("auto", trainCount: 5 * perClass)).Method);

    [Fact]
    public void Auto_BaseAndTightBudget_TrainsTheHeadOnly()
    {
        // 24 s * 190 = 4,560 photos of 64 px; 200 steps of 32 are 6,400.
        TrainingPlan plan = Plan(PlanRequests.For("auto", overrides: Budget(0.5)));
        Assert.Equal(("head", 512, 500), (plan.Method, plan.BatchSize, plan.Steps));
        // 500 photos: at crop 224 10.7 s, at 384 31.6 s.
        Assert.Equal(224, plan.Crop);
    }

    [Fact]
    public void Auto_BaseAndTime_TunesAllWeightsInHyperRulesStaircase()
    {
        TrainingPlan plan = Plan(PlanRequests.For("auto"));
        Assert.Equal(("full", ScheduleShape.Staircase), (plan.Method, plan.Schedule.Shape));
        Assert.Equal((0.0, 0.001), (plan.WeightDecay, plan.LearningRate));
        // 480 s, less those for the features of 500 photos at 224 and at 384, pay for 6,788; at 384 only for 2,200 of the wanted 6,400.
        Assert.Equal((224, 32, 212), (plan.Crop, plan.BatchSize, plan.Steps));
        Assert.Equal(42, plan.Schedule.WarmupSteps);
        Assert.Equal(0, plan.EarlyStoppingPatience);
    }

    [Theory]
    [InlineData(64 * 64, false, 64)]
    [InlineData(64 * 64, true, 128)]
    [InlineData(32 * 32, true, 128)]
    [InlineData(32 * 32, false, 64)]
    [InlineData(100 * 100, true, 128)]
    [InlineData(4000 * 3000, true, 480)]
    public void Auto_EndlessBudget_NeverExceedsWhatThePhotosWarrant(long area, bool hasBase, int crop)
    {
        TrainingPlan plan = Plan(PlanRequests.For("auto", medianArea: area, hasBase: hasBase, overrides: Budget(60 * 24 * 30)));
        Assert.Equal(crop, plan.Crop);
        // 200 epochs of 13 steps from scratch, 100 when tuning.
        Assert.Equal(hasBase ? 1300 : 2600, plan.Steps);
    }

    [Fact]
    public void Auto_HopelessBudget_StaysWithinItAndSaysSo()
    {
        TrainingPlan plan = Plan(PlanRequests.For("auto", trainCount: 60_000, hasBase: false, overrides: Budget(1)));
        Assert.Equal((64, 32), (plan.Crop, plan.BatchSize));
        Assert.Equal((int)(48 * 190 / 32.0), plan.Steps);
        Assert.Contains(plan.Reasons, reason => reason.Contains("expect less accuracy"));
    }

    [Fact]
    public void Auto_Overrides_AreKeptAndPlannedAround()
    {
        var overrides = Budget(10) with { Steps = 100, BatchSize = 16 };
        TrainingPlan plan = Plan(PlanRequests.For("auto", hasBase: false, overrides: overrides));
        // 1,600 photos take 8.4 s at 64 px and 303 s at 384, the largest that photos of 320 x 240 warrant.
        Assert.Equal((100, 16, 384), (plan.Steps, plan.BatchSize, plan.Crop));
        Assert.Equal(303, (plan.EstimatedTime ?? TimeSpan.Zero).TotalSeconds, 1.0);
        Assert.Equal(96, Plan(PlanRequests.For("auto", overrides: new FineTuneOverrides { Crop = 96 })).Crop);
        Assert.Equal("head", Plan(PlanRequests.For("auto", method: "head")).Method);
    }

    [Fact]
    public void Auto_Measurements_AreTakenOnceAndSmallestFirst()
    {
        var asked = new List<(string Method, int Crop, int MicroBatch)>();
        Recipes.Resolve(PlanRequests.For("auto", hasBase: false) with
        {
            MaxMicroBatch = (_, crop) => crop > 100 ? 8 : 32,
            SecondsPerImage = (method, crop, microBatch) =>
            {
                asked.Add((method, crop, microBatch));
                return Speed(method, crop, microBatch);
            },
        });
        Assert.Equal([("full", 64, 32), ("full", 96, 32), ("full", 128, 8), ("full", 160, 8)], asked);
    }

    [Fact]
    public void Auto_Memory_LimitsTheCrop()
    {
        PlanRequest request = PlanRequests.For("auto", method: "full", overrides: Budget(60 * 24)) with
        {
            MaxMicroBatch = (_, crop) => crop <= 160 ? 4 : 0,
        };
        Assert.Equal((160, 4), (Plan(request).Crop, Plan(request).MicroBatchSize));
        Assert.Throws<PlanException>(() => Plan(request with { MaxMicroBatch = (_, _) => 0 }));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(20)] // few photos per class: head, whatever fits
    public void Auto_MemoryForTheHeadAlone_TrainsTheHeadInWholeBatches(int trainCount)
    {
        PlanRequest request = PlanRequests.For("auto", trainCount) with { MaxMicroBatch = (method, _) => method == "head" ? 4096 : 0 };
        TrainingPlan plan = Plan(request);
        Assert.Equal(("head", plan.BatchSize), (plan.Method, plan.MicroBatchSize));
        Assert.Equal(trainCount == 400, plan.Reasons.Any(reason => reason.Contains("when all weights are trained")));
        Assert.Equal("head", Plan(request with { Spec = request.Spec with { Method = "head" } }).Method);
        var refusal = Assert.Throws<PlanException>(() => Plan(request with { Spec = request.Spec with { Method = "full" } }));
        Assert.Contains("method head", refusal.Message);
    }

    [Fact]
    public void Auto_NoMeasure_IsABug() => Assert.Throws<ArgumentException>(() => Recipes.Resolve(PlanRequests.For("auto")));

    [Fact]
    public void Auto_AnyRequest_IsDeterministicConsistentAndWithinTheBudget() =>
        Gen.Select(Gen.Int[2, 200_000], Gen.Int[1, 4_000_000], Gen.Bool, Gen.Double[0.2, 600], Gen.Int[1, 600], Gen.Double[0.1, 1000])
            .Sample((trainCount, area, hasBase, minutes, memory, slowness) =>
            {
                PlanRequest request = PlanRequests.For("auto", trainCount, 50, area, 2, hasBase, overrides: Budget(minutes)) with
                {
                    MaxMicroBatch = (_, _) => memory,
                    SecondsPerImage = (method, crop, microBatch) => Speed(method, crop, microBatch) * slowness,
                };
                TrainingPlan plan = Recipes.Resolve(request);
                Assert.Equal(plan.ToJson(), Recipes.Resolve(request).ToJson());
                Assert.Equal(plan.ToJson(), TrainingPlan.FromJson(plan.ToJson()).ToJson());
                Assert.Equal(0, plan.BatchSize % plan.MicroBatchSize);
                Assert.InRange(plan.MicroBatchSize, 1, memory);
                Assert.InRange(plan.EvaluationInterval, 1, plan.Steps);
                double seconds = (plan.EstimatedTime ?? TimeSpan.Zero).TotalSeconds;
                bool warned = plan.Reasons.Any(reason => reason.StartsWith("Warning", StringComparison.Ordinal));
                if (plan.Steps > 1 && !warned) Assert.InRange(seconds, 0, minutes * 60 * 0.8 + 0.001);
            }, iter: 300);
}
