using BiT.Core.Store;
using BiT.Training.Planning;

namespace BiT.Tests.Unit.Planning;

public sealed class RecipesTests
{
    [Fact]
    public void Paper_SmallSet_IsHyperRule()
    {
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("paper"));
        Assert.Equal(("full", "paper", "R50x1"), (plan.Method, plan.Recipe, plan.Network));
        Assert.Equal((512, 480, 512), (plan.Resize, plan.Crop, plan.BatchSize));
        Assert.Equal((500, 100, 0.003), (plan.Steps, plan.Schedule.WarmupSteps, plan.LearningRate));
        Assert.Equal([200, 300, 400], plan.Schedule.DecayBoundaries);
        Assert.Equal((0.9, 0.0, 0.0, 0), (plan.Momentum, plan.WeightDecay, plan.MixupAlpha, plan.EarlyStoppingPatience));
        Assert.Equal(PlanRequests.Base, plan.Base);
        Assert.NotEmpty(plan.Reasons);
    }

    [Fact]
    public void Paper_SmallerBatch_ScalesRateAndSchedule()
    {
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("paper", overrides: new FineTuneOverrides { BatchSize = 64 }));
        Assert.Equal((64, 4000, 800, 0.000375), (plan.BatchSize, plan.Steps, plan.Schedule.WarmupSteps, plan.LearningRate));
    }

    [Theory]
    [InlineData(9215, 160, 128)]
    [InlineData(9216, 512, 480)]
    public void Lite_AnySet_KeepsHyperRulesSteps(long area, int resize, int crop)
    {
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("lite", trainCount: 20_000, medianArea: area));
        Assert.Equal((128, 0.001, 10_000, 0.1), (plan.BatchSize, plan.LearningRate, plan.Steps, plan.MixupAlpha));
        Assert.Equal((resize, crop, 0), (plan.Resize, plan.Crop, plan.EarlyStoppingPatience));
    }

    [Fact]
    public void Tutorial_Values_AreTheTutorials()
    {
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("tutorial"));
        Assert.Equal(("head", 384, 224, 64), (plan.Method, plan.Resize, plan.Crop, plan.BatchSize));
        Assert.Equal((0.003 * 64 / 512, 0, 4000), (plan.LearningRate, plan.Schedule.WarmupSteps, plan.Steps));
        Assert.Equal([200, 300, 400], plan.Schedule.DecayBoundaries);
        Assert.Equal((7, 2), (plan.EvaluationInterval, plan.EarlyStoppingPatience)); // 400 / 64 = 6.25
    }

    [Fact]
    public void Tutorial_NoValidationPhotos_CannotStopEarly()
    {
        Assert.Equal(0, Recipes.Resolve(PlanRequests.For("tutorial", validationCount: 0)).EarlyStoppingPatience);
        var asked = PlanRequests.For("paper", validationCount: 0, overrides: new FineTuneOverrides { EarlyStoppingPatience = 3 });
        Assert.Contains("early_stopping_patience", Assert.Single(Assert.Throws<PlanException>(() => Recipes.Resolve(asked)).Violations));
    }

    [Theory]
    [InlineData(64 * 64, 400, 64, 32, 1000, 0.0101)]
    [InlineData(320 * 240, 400, 224, 32, 1000, 0.0101)]
    [InlineData(80 * 80, 64_000, 96, 64, 40_000, 0.012)]
    public void Scratch_Set_TrainsAllWeightsAtAModestCrop(long area, int trainCount, int crop, int batch, int steps, double rate)
    {
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("scratch", trainCount, medianArea: area, hasBase: false));
        Assert.Equal(("full", "bit-tiny", crop, batch, steps), (plan.Method, plan.Network, plan.Crop, plan.BatchSize, plan.Steps));
        Assert.Equal((ScheduleShape.Cosine, 1e-4, rate), (plan.Schedule.Shape, plan.WeightDecay, Math.Round(plan.LearningRate, 4)));
        Assert.InRange(plan.Schedule.WarmupSteps, 20, 500);
        Assert.Equal(0, plan.EarlyStoppingPatience);
    }

    [Fact]
    public void Overrides_AllSet_ReplaceEveryValue()
    {
        var overrides = new FineTuneOverrides
        {
            Steps = 50, BatchSize = 24, MicroBatchSize = 6, LearningRate = 0.5, Resize = 100, Crop = 90, MixupAlpha = 0.4, Momentum = 0.8,
            WeightDecay = 0.01, WarmupSteps = 3, EvaluationInterval = 9, EarlyStoppingPatience = 4, Seed = -7,
        };
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("paper", overrides: overrides));
        Assert.Equal((50, 24, 6, 4, 0.5), (plan.Steps, plan.BatchSize, plan.MicroBatchSize, plan.MicroBatchesPerStep, plan.LearningRate));
        Assert.Equal((100, 90, 0.4, 0.8, 0.01), (plan.Resize, plan.Crop, plan.MixupAlpha, plan.Momentum, plan.WeightDecay));
        Assert.Equal((3, 9, 4, -7L), (plan.Schedule.WarmupSteps, plan.EvaluationInterval, plan.EarlyStoppingPatience, plan.Seed));
        Assert.Equal([20, 30, 40], plan.Schedule.DecayBoundaries);
    }

    [Theory]
    [InlineData(96, 112)]
    [InlineData(128, 160)]
    [InlineData(1024, 1024)]
    [InlineData(32, 40)]
    public void Overrides_CropAlone_BringsItsResize(int crop, int resize)
    {
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("paper", overrides: new FineTuneOverrides { Crop = crop }));
        Assert.Equal((resize, crop), (plan.Resize, plan.Crop));
    }

    [Fact]
    public void Overrides_ManyOutOfRange_ListsEveryViolation()
    {
        var overrides = new FineTuneOverrides
        {
            Steps = 0, BatchSize = 4097, MicroBatchSize = 0, LearningRate = double.NaN, Resize = 31, Crop = 1025, MixupAlpha = -0.1,
            Momentum = 1.1, WeightDecay = double.PositiveInfinity, WarmupSteps = -1, EvaluationInterval = 1_000_001,
            EarlyStoppingPatience = -1, TimeBudget = TimeSpan.FromSeconds(9),
        };
        var exception = Assert.Throws<PlanException>(() => Recipes.Resolve(
            PlanRequests.For("fast", classes: 1, method: "most", overrides: overrides)));
        string[] fields =
        [
            "method", "recipe", "steps", "batch_size", "micro_batch_size", "resize", "crop", "learning_rate", "mixup_alpha", "momentum",
            "weight_decay", "warmup_steps", "evaluation_interval", "early_stopping_patience", "time_budget", "1 class",
        ];
        foreach (string field in fields) Assert.Contains(exception.Violations, violation => violation.Contains(field));
        Assert.All(exception.Violations, violation => Assert.Contains("expected", violation));
        Assert.Contains(exception.Violations[2], exception.Message);
    }

    public static TheoryData<FineTuneOverrides, bool> Edges => new()
    {
        { new FineTuneOverrides { Steps = 1 }, true },
        { new FineTuneOverrides { Steps = 1_000_000 }, true },
        { new FineTuneOverrides { Steps = 1_000_001 }, false },
        { new FineTuneOverrides { BatchSize = 4096 }, true },
        { new FineTuneOverrides { LearningRate = 10 }, true },
        { new FineTuneOverrides { LearningRate = 10.01 }, false },
        { new FineTuneOverrides { LearningRate = 0 }, false },
        { new FineTuneOverrides { Crop = 32 }, true },
        { new FineTuneOverrides { Crop = 31 }, false },
        { new FineTuneOverrides { Resize = 479 }, false }, // under the recipe's crop of 480
        { new FineTuneOverrides { Resize = 480 }, true },
        { new FineTuneOverrides { MixupAlpha = 10, Momentum = 1, WeightDecay = 1 }, true },
        { new FineTuneOverrides { MicroBatchSize = 512 }, true },
        { new FineTuneOverrides { MicroBatchSize = 513 }, false }, // over the recipe's batch
        { new FineTuneOverrides { MicroBatchSize = 100 }, false }, // no divisor of 512
        { new FineTuneOverrides { WarmupSteps = 500 }, true },
        { new FineTuneOverrides { WarmupSteps = 501 }, false }, // over the recipe's steps
        { new FineTuneOverrides { TimeBudget = TimeSpan.FromSeconds(10) }, true },
        { new FineTuneOverrides { TimeBudget = TimeSpan.FromDays(30) }, true },
        { new FineTuneOverrides { TimeBudget = TimeSpan.FromDays(30.1) }, false },
    };

    [Theory]
    [MemberData(nameof(Edges), DisableDiscoveryEnumeration = true)]
    public void Overrides_AtTheLimits_AreTakenOrRefused(FineTuneOverrides overrides, bool taken)
    {
        PlanRequest request = PlanRequests.For("paper", overrides: overrides);
        if (taken) Recipes.Resolve(request);
        else Assert.Single(Assert.Throws<PlanException>(() => Recipes.Resolve(request)).Violations);
    }

    [Theory]
    [InlineData(512, 512)]
    [InlineData(511, 256)]
    [InlineData(12, 8)]
    [InlineData(1, 1)]
    public void MicroBatch_MemoryLimit_IsTheLargestDivisor(int limit, int expected)
    {
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("paper") with { MaxMicroBatch = (_, _) => limit });
        Assert.Equal(expected, plan.MicroBatchSize);
        Assert.Contains(plan.Reasons, reason => reason.StartsWith($"Micro-batch {expected}:", StringComparison.Ordinal));
    }

    [Fact]
    public void MicroBatch_NothingFits_SaysSo()
    {
        var exception = Assert.Throws<PlanException>(() => Recipes.Resolve(PlanRequests.For("paper") with { MaxMicroBatch = (_, _) => 0 }));
        Assert.Contains("crop 480", exception.Message);
    }

    [Fact]
    public void MicroBatch_Head_IsLimitedByItsOwnMemoryAndSaysSo()
    {
        PlanRequest request = PlanRequests.For("paper", method: "head") with { MaxMicroBatch = (method, _) => method == "head" ? 512 : 0 };
        TrainingPlan plan = Recipes.Resolve(request);
        Assert.Equal(512, plan.MicroBatchSize);
        string reason = plan.Reasons.Single(reason => reason.StartsWith("Micro-batch", StringComparison.Ordinal));
        Assert.Contains("feature vectors", reason);
        Assert.DoesNotContain("crop", reason);
        var refusal = Assert.Throws<PlanException>(() => Recipes.Resolve(request with { MaxMicroBatch = (_, _) => 0 }));
        Assert.Contains("backbone", refusal.Message);
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void FewShot_SetSmallerThanMicroBatch_DrawsWithReplacement(int trainCount, bool replacement)
    {
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("paper", trainCount) with { MaxMicroBatch = (_, _) => 64 });
        Assert.Equal(replacement, plan.SampleWithReplacement);
    }

    [Fact]
    public void Base_Contradictions_AreRefused()
    {
        Assert.Contains("scratch", Assert.Throws<PlanException>(() => Recipes.Resolve(PlanRequests.For("scratch"))).Message);
        PlanRequest request = PlanRequests.For("paper");
        request = request with { Spec = request.Spec with { Network = "bit-tiny" } };
        Assert.Contains("R50x1", Assert.Throws<PlanException>(() => Recipes.Resolve(request)).Message);
    }

    [Fact]
    public void Head_WithoutBase_IsPlannedWithAWarning()
    {
        TrainingPlan plan = Recipes.Resolve(PlanRequests.For("paper", hasBase: false, method: "head"));
        Assert.Equal("head", plan.Method);
        Assert.Contains(plan.Reasons, reason => reason.StartsWith("Warning: the backbone is random", StringComparison.Ordinal));
    }
}
