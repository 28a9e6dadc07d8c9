using BiT.Core.Classification;
using BiT.Core.Imaging;
using BiT.Core.Reports;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Core.Weights;
using BiT.Tests.Unit.Store;
using BiT.Training.Planning;
using BiT.Training.Publishing;
using BiT.Training.Worker;

namespace BiT.Tests.Unit.Worker;

/// <summary>Whole jobs on a real store, with the smallest network that trains in seconds.</summary>
public sealed class TrainerWorkerTests : IDisposable
{
    private static readonly FineTuneOverrides Short = new()
    {
        Steps = 30, BatchSize = 12, MicroBatchSize = 6, Crop = 32, Resize = 36, LearningRate = 0.01, EvaluationInterval = 10, WarmupSteps = 5, Seed = 7,
    };

    // A rate that changes no weight: in float32 it is 0.
    private const double Nothing = 1e-60;

    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;

    public TrainerWorkerTests() => _workspace = Workspace.Open(_folder.Path, TimeProvider.System);

    public void Dispose()
    {
        _workspace.Dispose();
        _folder.Dispose();
    }

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
        var arrays = NpzFile.Read(_workspace.Blobs.PathOf(manifest.Head));
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
        Assert.Empty(Directory.EnumerateFileSystemEntries(_workspace.TemporaryFolder));
    }

    [Fact]
    public async Task Job_StoppedAndResumedByAnotherWorker_EndsWithTheSameWeightsToTheBit()
    {
        var uninterrupted = await RunAsync(Spec("full", "scratch", Short));
        var spec = Spec("full", "scratch", Short);
        var interrupted = _workspace.Jobs.Submit(spec, null);
        await RunUntilAsync(interrupted.Id, job => job.Progress is { Step: >= 8 });
        Assert.Equal(JobState.Queued, Job(interrupted.Id).State);

        await RunUntilAsync(interrupted.Id, job => job.IsDone);

        var resumed = Job(interrupted.Id);
        Assert.True(resumed.State == JobState.Succeeded, resumed.Error?.ToString());
        Assert.True(resumed.Attempt > 1);
        Assert.Equal(Version(uninterrupted).Manifest.Weights, Version(resumed).Manifest.Weights);
        Assert.NotNull(Version(resumed).Manifest.Report);
        Assert.Equal(Version(uninterrupted).Manifest.Report, Version(resumed).Manifest.Report);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "jobs", resumed.Id)), "The checkpoints of a published job are still there.");
        Assert.Contains(_workspace.Jobs.ReadEvents(resumed.Id, 0, 100_000), entry => entry.Payload.StartsWith("Resumed at step", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FullJob_WithTheHeadFirst_StartsFromWhatTheHeadAloneReachesAndResumesToTheBit()
    {
        var head = await RunAsync(Spec("head", "auto", Short with { Steps = 60, BatchSize = null, MicroBatchSize = null, LearningRate = null, WarmupSteps = null, EvaluationInterval = 3 }));
        var spec = Spec("full", "lite", Short with { HeadSteps = 60, MixupAlpha = 0.2 });
        var whole = await RunAsync(spec);
        var interrupted = _workspace.Jobs.Submit(spec, null);
        await RunUntilAsync(interrupted.Id, job => job.Progress is { Step: >= 8 });
        // Neither the features nor the head are there any more: the checkpoint alone must do.
        Directory.Delete(_workspace.CacheFolder, recursive: true);
        Directory.CreateDirectory(_workspace.CacheFolder);
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
        Directory.Delete(_workspace.CacheFolder, recursive: true);
        Directory.CreateDirectory(_workspace.CacheFolder);
        await RunUntilAsync(interrupted, job => job.IsDone);

        Assert.True(whole.State == JobState.Succeeded, whole.Error?.ToString());
        var (expected, actual) = (Version(head).Manifest, Version(whole).Manifest);
        Assert.Equal((expected.Head, expected.InferenceGraph, expected.Weights), (actual.Head, actual.InferenceGraph, actual.Weights));
        Assert.Equal(("head", 32, expected.ValidationAccuracy), (actual.Method, actual.InputSize, actual.ValidationAccuracy));
        Assert.InRange(actual.ValidationAccuracy ?? 0, 0.5, 1);
        Assert.Equal(plan.ToJson(), actual.Lineage["plan"]);
        Assert.Equal(actual.ValidationAccuracy, whole.Progress?.BestValidationAccuracy);
        Assert.Equal(60, Report(actual).Curve[^1].Step);
        Assert.Contains(_workspace.Jobs.ReadEvents(whole.Id, 0, 100_000), entry => entry.Payload.StartsWith("The head alone is published", StringComparison.Ordinal));
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
        var told = _workspace.Jobs.ReadEvents(job.Id, 0, 100_000).Select(entry => entry.Payload).ToArray();
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
        Assert.Contains(_workspace.Jobs.ReadEvents(whole.Id, 0, 100_000), entry => entry.Payload.StartsWith("All weights are published", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FullJob_StoppedWhileItsHeadIsTrained_TrainsItAgainToTheSameBits()
    {
        // Seconds of head: a report a second tells of it.
        var spec = Spec("full", "lite", Short with { HeadSteps = 10_000, Steps = 4, EvaluationInterval = 4, WarmupSteps = 2 });
        var whole = await RunAsync(spec);
        var interrupted = _workspace.Jobs.Submit(spec, null);
        await RunUntilAsync(interrupted.Id, job => job.IsDone || job.Progress is { Phase: "training the head" });
        Assert.Equal((JobState.Queued, null), (Job(interrupted.Id).State, Job(interrupted.Id).Checkpoint));

        await RunUntilAsync(interrupted.Id, job => job.IsDone);

        Assert.True(whole.State == JobState.Succeeded, whole.Error?.ToString());
        Assert.Equal(2, Job(interrupted.Id).Attempt);
        Assert.Equal(Version(whole).Manifest.Weights, Version(Job(interrupted.Id)).Manifest.Weights);
    }

    [Fact]
    public async Task Job_CancelledWhileTraining_EndsCancelledWithItsCheckpointAndNoVersion()
    {
        var job = _workspace.Jobs.Submit(Spec("full", "scratch", Short with { Steps = 100_000 }), null);
        await RunUntilAsync(job.Id, current =>
        {
            if (current.Progress is { Step: >= 3 } && !current.CancelRequested)
                _workspace.Jobs.RequestCancel(job.Id);
            return current.IsDone;
        });

        Assert.Equal(JobState.Cancelled, Job(job.Id).State);
        var checkpoint = Job(job.Id).Checkpoint ?? throw new InvalidOperationException("There is no checkpoint.");
        Assert.True(File.Exists(Path.Combine(_workspace.JobFolder(job.Id), checkpoint)), $"{checkpoint} is gone.");
        Assert.Null(_workspace.Models.Find("squares"));
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
        var import = VersionImport.Read(Path.Combine(_folder.Path, path), new ImportSettings { Network = "bit-tiny", Labels = ["blue", "green", "red"], InputSize = 32 });
        var version = _workspace.Models.Import("saved", import.Store(new Publisher(_workspace)));
        using var model = Open(version.Manifest);
        var validation = Dataset().Photos.Where(photo => photo.Split == Split.Validation).ToArray();
        var right = validation.Count(photo => photo.Label == version.Manifest.Labels[ArgMax(model.Run(Pixels(photo, 32), 1).Logits)]);
        Assert.Equal(job.Progress?.BestValidationAccuracy, (double)right / validation.Length);
        Assert.Null(_workspace.Models.Find("squares"));
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
        Directory.Delete(_workspace.CacheFolder, recursive: true);
        Directory.CreateDirectory(_workspace.CacheFolder);
        var rerun = _workspace.Jobs.Rerun(first.Id);
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
        var job = _workspace.Jobs.Submit(Spec("full", "scratch", Short), null);
        // A file where the attempt's folder would be: every checkpoint fails, as on a full disk.
        File.WriteAllText(Path.Combine(_workspace.JobFolder(job.Id), "attempt-1"), "in the way");

        await RunUntilAsync([job.Id], current => current.IsDone, "worker", TimeSpan.FromMilliseconds(1));

        Assert.Equal((JobState.Succeeded, 1), (Job(job.Id).State, Job(job.Id).Attempt));
        Assert.Contains(_workspace.Jobs.ReadEvents(job.Id, 0, 100_000), entry => entry.Payload.Contains("checkpoint could not be written", StringComparison.Ordinal));
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
        var jobs = Enumerable.Range(0, 3).Select(_ => _workspace.Jobs.Submit(Spec("full", "scratch", overrides), null).Id).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 2).Select(number => RunUntilAsync(jobs, job => job.IsDone, $"worker-{number}")));

        Assert.All(jobs, id => Assert.Equal((JobState.Succeeded, 1, null), (Job(id).State, Job(id).Attempt, Job(id).Error?.Message)));
        Assert.Equal([1, 2, 3], _workspace.Models.ListVersions("squares", 10, null).Items.Select(version => version.Id.Number).Order());
    }

    private FineTuneSpec Spec(string method, string recipe, FineTuneOverrides overrides) => new()
    {
        DatasetId = Dataset().Id, ModelId = "squares", Network = "bit-tiny", Method = method, Recipe = recipe, Overrides = overrides,
    };

    private TrainingPlan PlanOf(JobRecord job) => TrainingPlan.FromJson(Version(job).Manifest.Lineage["plan"]);

    private static HeadPhase Phase(TrainingPlan plan) =>
        new(plan.BatchSize, plan.MicroBatchSize, plan.Schedule) { Crop = plan.Crop, StandardizationFloor = plan.StandardizationFloor };

    // A job by a plan that no recipe makes.
    private string Submit(TrainingPlan plan)
    {
        var job = _workspace.Jobs.Submit(Spec("full", "lite", Short), null).Id;
        using var database = TestWorkspace.OpenDatabase(_folder.Path);
        using var command = database.CreateCommand();
        command.CommandText = "UPDATE jobs SET plan = $plan WHERE id = $job";
        command.Parameters.AddWithValue("$plan", plan.ToJson());
        command.Parameters.AddWithValue("$job", job);
        Assert.Equal(1, command.ExecuteNonQuery());
        return job;
    }

    private async Task<JobRecord> RunAsync(TrainingPlan plan)
    {
        var job = Submit(plan);
        await RunUntilAsync(job, current => current.IsDone);
        return Job(job);
    }

    // Kernel and bias.
    private float[] HeadOf(string? blob)
    {
        var arrays = NpzFile.Read(_workspace.Blobs.PathOf(blob ?? throw new InvalidOperationException("There is no head.")));
        return [.. arrays[LinearHead.KernelName].Values, .. arrays[LinearHead.BiasName].Values];
    }

    private DatasetRecord Dataset() => TinyDataset.Save(_workspace, trainPerClass: 8, validationPerClass: 4);

    private async Task<JobRecord> RunAsync(FineTuneSpec spec, long? externalDataThreshold = null)
    {
        var job = _workspace.Jobs.Submit(spec, null);
        await RunUntilAsync([job.Id], current => current.IsDone, "worker", externalDataThreshold: externalDataThreshold);
        return Job(job.Id);
    }

    private Task RunUntilAsync(string jobId, Func<JobRecord, bool> isEnough) => RunUntilAsync([jobId], isEnough, "worker");

    // Runs a worker until every job is far enough, then shuts it down; the worker hands back what it has in work.
    private async Task RunUntilAsync(IReadOnlyList<string> jobIds, Func<JobRecord, bool> isEnough, string workerId, TimeSpan? checkpointInterval = null, long? externalDataThreshold = null)
    {
        using var shutdown = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var workspace = Workspace.Open(_folder.Path, TimeProvider.System);
        var options = new TrainerOptions { WorkerId = workerId, PollInterval = TimeSpan.FromMilliseconds(20), CheckpointInterval = checkpointInterval ?? TimeSpan.FromSeconds(30) };
        options = externalDataThreshold is { } threshold ? options with { ExternalDataThreshold = threshold } : options;
        var worker = Task.Run(() => new TrainerWorker(workspace, options, TimeProvider.System, TextWriter.Null).RunAsync(shutdown.Token), shutdown.Token);
        while (!jobIds.All(id => isEnough(Job(id))))
            await Task.Delay(20, shutdown.Token);
        await shutdown.CancelAsync();
        await worker;
    }

    private InferenceModel Open(ModelManifest manifest) => StoredGraph.Open(_workspace.Blobs, manifest.Graph, new RuntimeOptions(), _ => { });

    private JobRecord Job(string id) => _workspace.Jobs.Find(id) ?? throw new InvalidOperationException($"Job {id} is gone.");

    private ModelVersionRecord Version(JobRecord job) =>
        job.Result is { } id && _workspace.Models.FindVersion(id) is { } version ? version : throw new InvalidOperationException($"Job {job.Id} has no version.");

    private VersionReport Report(ModelManifest manifest) =>
        ReportJson.Load(_workspace.Blobs, manifest) ?? throw new InvalidOperationException("The version has no report.");

    private byte[] Pixels(Photo photo, int side)
    {
        var pixels = new byte[side * side * 3];
        SquareTransform.Resize(_workspace.Blobs.ReadAllBytes(photo.Blob), new ImageLimits(), side, side, pixels);
        return pixels;
    }

    private static int ArgMax(float[] values) => Array.IndexOf(values, values.Max());
}
