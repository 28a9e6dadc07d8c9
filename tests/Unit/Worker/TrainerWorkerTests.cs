using BiT.Core.Classification;
using BiT.Core.Imaging;
using BiT.Core.Reports;
using BiT.Core.Store;
using BiT.Core.Weights;
using BiT.Training.Publishing;
using BiT.Training.Worker;

namespace BiT.Tests.Unit.Worker;

/// <summary>Whole jobs, from the queue to what is published.</summary>
public sealed class TrainerWorkerTests : TrainerJobs
{
    [Fact]
    public async Task FullJob_OnColouredSquares_PublishesAVersionThatClassifiesThem()
    {
        var job = await RunAsync(Spec("full", "scratch", Short));

        Assert.True(job.State == JobState.Succeeded, job.Error?.ToString());
        var version = Version(job);
        Assert.Equal(1, version.Manifest.ValidationAccuracy);
        Assert.Equal((30L, 30L, (double?)1), (job.Progress?.Step, job.Progress?.TotalSteps, job.Progress?.BestValidationAccuracy));
        Assert.Equal(["blue", "green", "red"], version.Manifest.Labels);
        var report = Report(version.Manifest);
        Assert.Equal(Enumerable.Range(1, 30).Select(step => (long)step), report.Curve.Select(point => point.Step));
        Assert.Equal([10, 20, 30], report.Curve.Where(point => point.ValidationAccuracy is not null).Select(point => point.Step));
        Assert.Equal((12, 1, 12), (report.Evaluation?.PhotoCount, report.Evaluation?.Top1Accuracy, report.Evaluation?.Confusion.Sum(cell => cell.PhotoCount)));
        var seconds = CurveSeconds.Of(version.Manifest, report);
        Assert.Equal(seconds.Order(), seconds);
        using var model = Open(version.Manifest);
        foreach (var photo in Dataset().Photos.Where(photo => photo.Split == Split.Validation))
            Assert.Equal(photo.Label, version.Manifest.Labels[ArgMax(model.Run(Pixels(photo, 32), 1).Logits)]);
    }

    [Fact]
    public async Task HeadJob_WithoutBase_PublishesABackboneAndAHeadThatReproduceItsAccuracy()
    {
        var job = await RunAsync(Spec("head", "lite", Short with { Steps = 200, LearningRate = 1, BatchSize = 12, MicroBatchSize = 12, WarmupSteps = null }));

        Assert.True(job.State == JobState.Succeeded, job.Error?.ToString());
        var manifest = Version(job).Manifest;
        Assert.NotNull(manifest.Head);
        using var backbone = Open(manifest);
        Assert.Equal(0, backbone.ClassCount);
        var arrays = NpzFile.Read(Store.Blobs.PathOf(manifest.Head));
        var head = new LinearHead(arrays["resnet/head/conv2d/kernel"].Values, arrays["resnet/head/conv2d/bias"].Values, backbone.FeatureCount);
        var validation = Dataset().Photos.Where(photo => photo.Split == Split.Validation).ToArray();
        var right = validation.Count(photo =>
        {
            var logits = new float[3];
            head.Apply(backbone.Run(Pixels(photo, 32), 1).PreLogits, logits);
            return manifest.Labels[ArgMax(logits)] == photo.Label;
        });
        Assert.Equal(manifest.ValidationAccuracy, (double)right / validation.Length);
        var report = Report(manifest);
        Assert.Equal((200, manifest.ValidationAccuracy), (report.Curve[^1].Step, report.Evaluation?.Top1Accuracy));
        Assert.Equal(validation.Length, report.Evaluation?.HighestLosses.Select(photo => photo.Photo).Intersect(validation.Select(photo => photo.Blob)).Count());
    }

    [Fact]
    public async Task Jobs_OfANetworkTooLargeForOneFile_PublishServeAndAreABase()
    {
        var oneFile = Version(await RunAsync(Spec("full", "scratch", Short))).Manifest;
        var full = await RunAsync(Spec("full", "scratch", Short), externalDataThreshold: 1_000_000);
        var head = await RunAsync(
            Spec("head", "lite", Short with { Steps = 50, LearningRate = 1, MicroBatchSize = 12, WarmupSteps = null }) with { Base = full.Result },
            externalDataThreshold: 1_000_000);

        Assert.All([full, head], job => Assert.True(job.State == JobState.Succeeded, job.Error?.ToString()));
        var (fullVersion, headVersion) = (Version(full).Manifest, Version(head).Manifest);
        Assert.Null(oneFile.InferenceGraphData);
        Assert.All([fullVersion, headVersion], manifest => Assert.NotNull(manifest.InferenceGraphData));
        Assert.Equal((oneFile.Weights, oneFile.ValidationAccuracy), (fullVersion.Weights, fullVersion.ValidationAccuracy));
        using var expected = Open(oneFile);
        using var actual = Open(fullVersion);
        using var backbone = Open(headVersion);
        var pixels = Pixels(Dataset().Photos[0], 32);
        Assert.Equal(expected.Run(pixels, 1).Logits, actual.Run(pixels, 1).Logits);
        Assert.Equal(expected.Run(pixels, 1).PreLogits, backbone.Run(pixels, 1).PreLogits);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Store.TemporaryFolder));
    }

    [Fact]
    public async Task Job_StoppedAndResumedByAnotherWorker_EndsWithTheSameWeightsToTheBit()
    {
        var uninterrupted = await RunAsync(Spec("full", "scratch", Short));
        var spec = Spec("full", "scratch", Short);
        var interrupted = Store.Jobs.Submit(spec, null);
        await RunUntilAsync(interrupted.Id, job => job.Progress is { Step: >= 8 });
        Assert.Equal(JobState.Queued, Job(interrupted.Id).State);

        await RunUntilAsync(interrupted.Id, job => job.IsDone);

        var resumed = Job(interrupted.Id);
        Assert.True(resumed.State == JobState.Succeeded, resumed.Error?.ToString());
        Assert.True(resumed.Attempt > 1);
        Assert.Equal(Version(uninterrupted).Manifest.Weights, Version(resumed).Manifest.Weights);
        Assert.NotNull(Version(resumed).Manifest.Report);
        Assert.Equal(Version(uninterrupted).Manifest.Report, Version(resumed).Manifest.Report);
        Assert.False(Directory.Exists(Path.Combine(Root, "jobs", resumed.Id)), "The checkpoints of a published job are still there.");
        Assert.Contains(Store.Jobs.ReadEvents(resumed.Id, 0, 100_000), entry => entry.Payload.StartsWith("Resumed at step", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_CancelledWhileTraining_EndsCancelledWithItsCheckpointAndNoVersion()
    {
        var job = Store.Jobs.Submit(Spec("full", "scratch", Short with { Steps = 100_000 }), null);
        await RunUntilAsync(job.Id, current =>
        {
            if (current.Progress is { Step: >= 3 } && !current.CancelRequested)
                Store.Jobs.RequestCancel(job.Id);
            return current.IsDone;
        });

        Assert.Equal(JobState.Cancelled, Job(job.Id).State);
        var checkpoint = Job(job.Id).Checkpoint ?? throw new InvalidOperationException("There is no checkpoint.");
        Assert.True(File.Exists(Path.Combine(Store.JobFolder(job.Id), checkpoint)), $"{checkpoint} is gone.");
        Assert.Null(Store.Models.Find("squares"));
    }

    [Fact]
    public async Task Job_ThatDiverges_FailsWithTheStepAndTheCure()
    {
        // A weight decays by 10 times itself per step: it changes its sign and grows ninefold.
        var job = await RunAsync(Spec("full", "scratch", Short with { Steps = 100, LearningRate = 10, WarmupSteps = 0, WeightDecay = 1 }));

        Assert.Equal(JobState.Failed, job.State);
        Assert.Equal("DIVERGED", job.Error?.Reason);
        Assert.Contains("Lower learning_rate (it is 10)", job.Error?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("full", "scratch")]
    // Trained on standardised features, kept for the features as they are.
    [InlineData("head", "auto")]
    public async Task Job_ThatDivergesAfterAnEvaluation_KeepsTheBestWeightsInAFileThatCanBeImported(string method, string recipe)
    {
        // The rate grows until it is too high.
        var job = await RunAsync(Spec(method, recipe, Short with { Steps = 400, LearningRate = 10, WarmupSteps = 400, WeightDecay = 1, EvaluationInterval = 5 }));

        Assert.Equal((JobState.Failed, "DIVERGED"), (job.State, job.Error?.Reason));
        Assert.Matches("at step [1-9][0-9]*[: ]", job.Error?.Message ?? "");
        var path = $"jobs/{job.Id}/attempt-1/best.npz";
        Assert.Contains(path, job.Error?.Message, StringComparison.Ordinal);
        var import = VersionImport.Read(Path.Combine(Root, path), new ImportSettings { Network = "bit-tiny", Labels = ["blue", "green", "red"], InputSize = 32 });
        var version = Store.Models.Import("saved", import.Store(new Publisher(Store)));
        using var model = Open(version.Manifest);
        var validation = Dataset().Photos.Where(photo => photo.Split == Split.Validation).ToArray();
        var right = validation.Count(photo => photo.Label == version.Manifest.Labels[ArgMax(model.Run(Pixels(photo, 32), 1).Logits)]);
        Assert.Equal(job.Progress?.BestValidationAccuracy, (double)right / validation.Length);
        Assert.Null(Store.Models.Find("squares"));
    }

    [Fact]
    public async Task Job_ThatGetsWorse_PublishesTheBestItHasSeen()
    {
        var job = await RunAsync(Spec("full", "scratch", Short with { Steps = 24, LearningRate = 0.5, WarmupSteps = 12, EvaluationInterval = 1 }));

        Assert.True(job.State == JobState.Succeeded, job.Error?.ToString());
        var manifest = Version(job).Manifest;
        var seen = Report(manifest).Curve.Select(point => point.ValidationAccuracy).OfType<double>().ToArray();
        Assert.Equal(24, seen.Length);
        Assert.Equal(seen.Max(), manifest.ValidationAccuracy);
    }

    [Fact]
    public async Task Job_RunAgainByItsPlan_PublishesTheSameBytesAndItsLineageNamesWhatTheyCameFrom()
    {
        var first = await RunAsync(Spec("full", "scratch", Short with { MixupAlpha = 0.2, EarlyStoppingPatience = 5 }));
        Assert.True(first.State == JobState.Succeeded, first.Error?.ToString());
        // Made anew, not found.
        Directory.Delete(Store.CacheFolder, recursive: true);
        Directory.CreateDirectory(Store.CacheFolder);
        var rerun = Store.Jobs.Rerun(first.Id);
        await RunUntilAsync(rerun.Id, job => job.IsDone);
        var head = await RunAsync(Spec("head", "lite", Short with { Steps = 20, LearningRate = 1, MicroBatchSize = 12, WarmupSteps = null }) with { Base = first.Result });

        var (expected, actual, based) = (Version(first).Manifest, Version(Job(rerun.Id)).Manifest, Version(head).Manifest);
        Assert.Equal((expected.InferenceGraph, expected.Weights, expected.Report), (actual.InferenceGraph, actual.Weights, actual.Report));
        foreach (var key in (string[])["plan", "planHash", "dataHash", "baseHash", "codeVersion", "fingerprint", "finalState", "bestStep"])
            Assert.Equal((key, expected.Lineage[key]), (key, actual.Lineage[key]));
        Assert.Equal($"\"{Dataset().Id}\"", expected.Lineage["dataHash"]);
        Assert.Equal("null", expected.Lineage["baseHash"]);
        Assert.Equal($"\"{expected.Weights}\"", based.Lineage["baseHash"]);
        Assert.NotEqual(expected.Lineage["finalState"], based.Lineage["finalState"]);
        Assert.Matches("^\"[0-9]+\\.[0-9]+\\.[0-9]+", expected.Lineage["codeVersion"]);
    }

    [Fact]
    public async Task Job_WithUnknownNetwork_FailsWithTheKnownNames()
    {
        var job = await RunAsync(Spec("full", "scratch", Short) with { Network = "R18x1" });

        Assert.Equal(JobState.Failed, job.State);
        Assert.Equal("UNKNOWN_NETWORK", job.Error?.Reason);
        Assert.Contains("bit-tiny", job.Error?.Message);
    }

    [Fact]
    public async Task Job_WhoseCheckpointsCannotBeWritten_GoesOnAndPublishes()
    {
        var job = Store.Jobs.Submit(Spec("full", "scratch", Short), null);
        // A file where the attempt's folder would be: every checkpoint fails, as on a full disk.
        File.WriteAllText(Path.Combine(Store.JobFolder(job.Id), "attempt-1"), "in the way");

        await RunUntilAsync([job.Id], current => current.IsDone, "worker", TimeSpan.FromMilliseconds(1));

        Assert.Equal((JobState.Succeeded, 1), (Job(job.Id).State, Job(job.Id).Attempt));
        Assert.Contains(Store.Jobs.ReadEvents(job.Id, 0, 100_000), entry => entry.Payload.Contains("checkpoint could not be written", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EarlyStopping_WithPatienceTwo_StopsAtEqualAccuracyThoughTheLossFalls()
    {
        var job = await RunAsync(Spec("full", "scratch", Short with { Steps = 2000, EvaluationInterval = 20, EarlyStoppingPatience = 2 }));

        Assert.True(job.State == JobState.Succeeded, job.Error?.ToString());
        Assert.Equal(1, Version(job).Manifest.ValidationAccuracy);
        Assert.InRange(job.Progress?.Step ?? 0, 40, 1000);
        // 2,000 steps have a point every three; the last step of this run has one, too.
        var last = Report(Version(job).Manifest).Curve[^1];
        Assert.Equal((job.Progress?.Step, true), (last.Step, last.Loss is not null));
    }

    [Fact]
    public async Task TwoWorkers_OnOneStore_RunEachJobOnce()
    {
        var overrides = Short with { Steps = 4, EvaluationInterval = 4, WarmupSteps = 2 };
        var jobs = Enumerable.Range(0, 3).Select(_ => Store.Jobs.Submit(Spec("full", "scratch", overrides), null).Id).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 2).Select(number => RunUntilAsync(jobs, job => job.IsDone, $"worker-{number}")));

        Assert.All(jobs, id => Assert.Equal((JobState.Succeeded, 1, null), (Job(id).State, Job(id).Attempt, Job(id).Error?.Message)));
        Assert.Equal([1, 2, 3], Store.Models.ListVersions("squares", 10, null).Items.Select(version => version.Id.Number).Order());
    }
}
