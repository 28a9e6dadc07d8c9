using BiT.Core.Store;
using BiT.Training.Planning;

namespace BiT.Tests.Unit.Worker;

/// <summary>Heads in jobs: of standardised features, before all weights, and beside them.</summary>
public sealed class HeadTrainingTests : TrainerJobs
{
    [Fact]
    public async Task FullJob_WithTheHeadFirst_StartsFromWhatTheHeadAloneReachesAndResumesToTheBit()
    {
        var head = await RunAsync(Spec("head", "auto", Short with { Steps = 60, BatchSize = null, MicroBatchSize = null, LearningRate = null, WarmupSteps = null, EvaluationInterval = 3 }));
        var spec = Spec("full", "lite", Short with { HeadSteps = 60, MixupAlpha = 0.2 });
        var whole = await RunAsync(spec);
        var interrupted = Store.Jobs.Submit(spec, null);
        await RunUntilAsync(interrupted.Id, job => job.Progress is { Step: >= 8 });
        // Neither the features nor the head are there any more: the checkpoint alone must do.
        Directory.Delete(Store.CacheFolder, recursive: true);
        Directory.CreateDirectory(Store.CacheFolder);
        await RunUntilAsync(interrupted.Id, job => job.IsDone);

        Assert.True(whole.State == JobState.Succeeded, whole.Error?.ToString());
        var start = Report(Version(whole).Manifest).Curve[0];
        Assert.Equal((0, null, Version(head).Manifest.ValidationAccuracy), (start.Step, start.Loss, start.ValidationAccuracy));
        Assert.InRange(start.ValidationAccuracy ?? 0, 0.5, 1);
        Assert.InRange(Version(whole).Manifest.ValidationAccuracy ?? 0, start.ValidationAccuracy ?? 0, 1);
        var resumed = Job(interrupted.Id);
        Assert.True(resumed is { State: JobState.Succeeded, Attempt: > 1 }, resumed.Error?.ToString());
        Assert.Equal(Version(whole).Manifest.Weights, Version(resumed).Manifest.Weights);
        Assert.Equal(Version(whole).Manifest.Report, Version(resumed).Manifest.Report);
        // Where nothing is trained behind it, the head is the head job's, bit by bit.
        var still = await RunAsync(spec with { Overrides = spec.Overrides with { LearningRate = Nothing } });
        Assert.Equal(HeadOf(Version(head).Manifest.Head), HeadOf(Version(still).Manifest.Weights));
    }

    [Fact]
    public async Task HeadJob_OnStandardisedFeaturesFromABaseThatKnowsTheClasses_BeginsWithItsHead()
    {
        var full = await RunAsync(Spec("full", "scratch", Short));
        var head = await RunAsync(Spec("head", "auto", Short with { Steps = 1, LearningRate = Nothing, MicroBatchSize = null, BatchSize = null, WarmupSteps = null }) with { Base = full.Result });

        Assert.True(head.State == JobState.Succeeded, head.Error?.ToString());
        Assert.NotNull(TrainingPlan.FromJson(Version(head).Manifest.Lineage["plan"]).StandardizationFloor);
        var (expected, actual) = (HeadOf(Version(full).Manifest.Weights), HeadOf(Version(head).Manifest.Head));
        Assert.InRange(expected.Max(), 0.01, 10);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public async Task FullJob_WhoseHeadAloneIsBetter_PublishesTheHeadAlsoWhenItIsResumed()
    {
        var head = await RunAsync(Spec("head", "auto", Short with { Steps = 60, BatchSize = null, MicroBatchSize = null, LearningRate = null, WarmupSteps = null, EvaluationInterval = 3 }));
        // All weights stay where they are, with a head that answers 0.
        var plan = PlanOf(await RunAsync(Spec("full", "lite", Short with { LearningRate = Nothing })));
        plan = plan with { HeadCandidate = Phase(PlanOf(head)), Resize = 48, Crop = 48 };
        var whole = await RunAsync(plan);
        var interrupted = Submit(plan);
        await RunUntilAsync(interrupted, job => job.Progress is { Step: >= 8 });
        Directory.Delete(Store.CacheFolder, recursive: true);
        Directory.CreateDirectory(Store.CacheFolder);
        await RunUntilAsync(interrupted, job => job.IsDone);

        Assert.True(whole.State == JobState.Succeeded, whole.Error?.ToString());
        var (expected, actual) = (Version(head).Manifest, Version(whole).Manifest);
        Assert.Equal((expected.Head, expected.InferenceGraph, expected.Weights), (actual.Head, actual.InferenceGraph, actual.Weights));
        Assert.Equal(("head", 32, expected.ValidationAccuracy), (actual.Method, actual.InputSize, actual.ValidationAccuracy));
        Assert.InRange(actual.ValidationAccuracy ?? 0, 0.5, 1);
        Assert.Equal(plan.ToJson(), actual.Lineage["plan"]);
        Assert.Equal(actual.ValidationAccuracy, whole.Progress?.BestValidationAccuracy);
        Assert.Equal(60, Report(actual).Curve[^1].Step);
        Assert.Contains(Store.Jobs.ReadEvents(whole.Id, 0, 100_000), entry => entry.Payload.StartsWith("The head alone is published", StringComparison.Ordinal));
        var resumed = Job(interrupted);
        Assert.True(resumed is { State: JobState.Succeeded, Attempt: > 1 }, resumed.Error?.ToString());
        var again = Version(resumed).Manifest;
        Assert.Equal((actual.Head, actual.InferenceGraph, actual.Weights, actual.Report, actual.Lineage["finalState"]), (again.Head, again.InferenceGraph, again.Weights, again.Report, again.Lineage["finalState"]));
    }

    [Fact]
    public async Task FullJob_ThatDivergesBesideAHeadAlone_PublishesTheHead()
    {
        var head = await RunAsync(Spec("head", "auto", Short with { Steps = 60, BatchSize = null, MicroBatchSize = null, LearningRate = null, WarmupSteps = null, EvaluationInterval = 3 }));
        var tooFast = PlanOf(await RunAsync(Spec("full", "scratch", Short with { Steps = 100 })));
        // The rate grows until it is too high.
        tooFast = tooFast with { Schedule = tooFast.Schedule with { BaseRate = 10, WarmupSteps = 100 }, WeightDecay = 1, Backbone = PlanOf(head).Backbone };
        var job = await RunAsync(tooFast with { HeadCandidate = Phase(PlanOf(head)) });

        Assert.True(job.State == JobState.Succeeded, job.Error?.ToString());
        Assert.Equal(("head", Version(head).Manifest.Head), (Version(job).Manifest.Method, Version(job).Manifest.Head));
        var told = Store.Jobs.ReadEvents(job.Id, 0, 100_000).Select(entry => entry.Payload).ToArray();
        Assert.Contains(told, text => text.Contains("at step", StringComparison.Ordinal) && text.Contains("(it is 10)", StringComparison.Ordinal));
        Assert.Contains(told, text => text.StartsWith("The head alone is published", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FullJob_ThatIsBetterThanItsHeadAlone_PublishesAllWeights()
    {
        var head = await RunAsync(Spec("head", "auto", Short with { Steps = 1, LearningRate = Nothing, BatchSize = null, MicroBatchSize = null, WarmupSteps = null }));
        var alone = await RunAsync(Spec("full", "lite", Short));
        var whole = await RunAsync(PlanOf(alone) with { HeadCandidate = Phase(PlanOf(head)) });

        Assert.True(whole.State == JobState.Succeeded, whole.Error?.ToString());
        var (expected, actual) = (Version(alone).Manifest, Version(whole).Manifest);
        Assert.True(actual.ValidationAccuracy > Version(head).Manifest.ValidationAccuracy);
        Assert.Equal((expected.Method, expected.Weights, expected.Report, expected.Lineage["finalState"]), (actual.Method, actual.Weights, actual.Report, actual.Lineage["finalState"]));
        Assert.Contains(Store.Jobs.ReadEvents(whole.Id, 0, 100_000), entry => entry.Payload.StartsWith("All weights are published", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FullJob_StoppedWhileItsHeadIsTrained_TrainsItAgainToTheSameBits()
    {
        // Seconds of head: a report a second tells of it.
        var spec = Spec("full", "lite", Short with { HeadSteps = 10_000, Steps = 4, EvaluationInterval = 4, WarmupSteps = 2 });
        var whole = await RunAsync(spec);
        var interrupted = Store.Jobs.Submit(spec, null);
        await RunUntilAsync(interrupted.Id, job => job.IsDone || job.Progress is { Phase: "training the head" });
        Assert.Equal((JobState.Queued, null), (Job(interrupted.Id).State, Job(interrupted.Id).Checkpoint));

        await RunUntilAsync(interrupted.Id, job => job.IsDone);

        Assert.True(whole.State == JobState.Succeeded, whole.Error?.ToString());
        Assert.Equal(2, Job(interrupted.Id).Attempt);
        Assert.Equal(Version(whole).Manifest.Weights, Version(Job(interrupted.Id)).Manifest.Weights);
    }
}
