using BiT.Core.Store;
using BiT.Tests.Unit.Store;
using BiT.Training.Worker;

namespace BiT.Tests.Unit.Worker;

/// <summary>Whole jobs on a real store that are paused and resumed, or compared with what is served.</summary>
public sealed class JobPauseTests : IDisposable
{
    private static readonly FineTuneOverrides Short = new()
    {
        Steps = 30, BatchSize = 12, MicroBatchSize = 6, Crop = 32, Resize = 36, LearningRate = 0.01, EvaluationInterval = 10, WarmupSteps = 5, Seed = 7,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;

    public JobPauseTests() => _workspace = Workspace.Open(_folder.Path, TimeProvider.System);

    public void Dispose()
    {
        _workspace.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("full", "scratch")]
    [InlineData("head", "lite")]
    // On standardised features.
    [InlineData("head", "auto")]
    public async Task Job_PausedWhileTrainingAndResumed_EndsWithTheSameWeightsToTheBit(string method, string recipe)
    {
        var overrides = Short with { Steps = method == "head" ? 3_000 : 60 };
        var uninterrupted = await EndAsync(Submit(method, recipe, overrides));
        var job = Submit(method, recipe, overrides);

        RequestPauseOnce(job, "UPDATE OF progress", "json_extract(NEW.progress, '$.step') >= 3");
        await PausedAsync(job);
        var paused = Job(job);
        Assert.NotNull(paused.Checkpoint);
        Assert.True(paused.Progress?.Step < overrides.Steps, "It was paused too late to prove anything.");
        _workspace.Jobs.RequestResume(job);
        var resumed = await EndAsync(job);

        Assert.Equal((JobState.Succeeded, 2), (resumed.State, resumed.Attempt));
        var (expected, actual) = (Version(uninterrupted).Manifest, Version(resumed).Manifest);
        Assert.Equal((expected.Weights, expected.Head, expected.InferenceGraph), (actual.Weights, actual.Head, actual.InferenceGraph));
        // Losses, learning rates, accuracies, and the evaluation of the stored files.
        Assert.NotNull(expected.Report);
        Assert.Equal(expected.Report, actual.Report);
    }

    [Fact]
    public async Task Job_PausedWhilePublishing_TrainsNoStepAgain()
    {
        var uninterrupted = await EndAsync(Submit("full", "scratch", Short));
        var job = Submit("full", "scratch", Short);

        // The checkpoint behind the last step is the last thing before publishing.
        RequestPauseOnce(job, "UPDATE OF checkpoint", "NEW.checkpoint LIKE '%step-000000030%'");
        await PausedAsync(job);
        Assert.Equal(("publishing", 30L), (Job(job).Progress?.Phase, Job(job).Progress?.Step));
        Assert.Equal(1, _workspace.Models.Find("squares")?.LatestVersion?.Id.Number);
        _workspace.Jobs.RequestResume(job);
        var resumed = await EndAsync(job);

        Assert.Equal(Version(uninterrupted).Manifest.Weights, Version(resumed).Manifest.Weights);
        Assert.Contains(_workspace.Jobs.ReadEvents(job, 0, 100_000), item => item.Payload == "Resumed at step 30 of 30.");
    }

    [Fact]
    public async Task Job_Paused_LeavesItsWorkerToTheNextJob()
    {
        var job = Submit("full", "scratch", Short with { Steps = 100_000 });
        var next = Submit("full", "scratch", Short);
        RequestPauseOnce(job, "UPDATE OF progress", "json_extract(NEW.progress, '$.step') >= 1");

        await RunUntilAsync(() => Job(next).IsDone);

        Assert.Equal((JobState.Paused, JobState.Succeeded), (Job(job).State, Job(next).State));
    }

    [Fact]
    public async Task JobToPromoteIfBetter_MeasuresTheVersionBehindTheAliasByClassName()
    {
        var first = await EndAsync(Submit("full", "scratch", Short));
        // The same network, with another name for one of its classes: what it calls crimson is not red.
        var renamed = _workspace.Models.Import("squares", Version(first).Manifest with { Labels = ["blue", "green", "crimson"] });
        _workspace.Models.SetAlias("squares", "canary", renamed.Id.Number, OptionalExpected.Absent);

        var second = await EndAsync(Submit("head", "lite", Short with { Steps = 200, LearningRate = 1, WarmupSteps = null },
            PromotionRule.IfBetter, "canary"));

        var comparison = second.Comparison ?? throw new InvalidOperationException("Nothing was compared.");
        Assert.Equal((12, renamed.Id, 8), (comparison.PhotoCount, comparison.Previous, comparison.PreviousCorrect));
        Assert.Equal(["red"], comparison.MissingClasses);
        Assert.Equal(Version(second).Manifest.ValidationAccuracy, comparison.NewCorrect / 12.0);
        Assert.True(second.IsPromotionDue);
    }

    [Fact]
    public async Task JobToPromoteIfBetter_WithNothingBehindTheAliasOrADamagedVersion_IsPublishedAllTheSame()
    {
        var nothing = await EndAsync(Submit("full", "scratch", Short, PromotionRule.IfBetter));
        var broken = _workspace.Models.Import("squares", Version(nothing).Manifest with { Labels = ["blue"] });
        _workspace.Models.SetAlias("squares", "live", broken.Id.Number, OptionalExpected.Absent);

        var damaged = await EndAsync(Submit("full", "scratch", Short, PromotionRule.IfBetter));

        Assert.Equal((12, null, null), (nothing.Comparison?.PhotoCount, nothing.Comparison?.Previous, nothing.Comparison?.Problem));
        Assert.Equal((JobState.Succeeded, broken.Id, null), (damaged.State, damaged.Comparison?.Previous, damaged.Comparison?.PreviousCorrect));
        Assert.Contains("3 outputs and 1 labels", damaged.Comparison?.Problem, StringComparison.Ordinal);
    }

    private string Submit(
        string method, string recipe, FineTuneOverrides overrides, PromotionRule rule = PromotionRule.None, string? alias = null) =>
        _workspace.Jobs.Submit(
            new FineTuneSpec
            {
                DatasetId = TinyDataset.Save(_workspace, trainPerClass: 8, validationPerClass: 4).Id, ModelId = "squares", Network = "bit-tiny",
                Method = method, Recipe = recipe, Overrides = overrides, Promotion = rule, PromotionAlias = alias,
            },
            null).Id;

    // Asks for a pause in the very transaction that writes something: no clock decides where the job is then.
    private void RequestPauseOnce(string job, string when, string condition)
    {
        using var database = TestWorkspace.OpenDatabase(_folder.Path);
        using var command = database.CreateCommand();
#pragma warning disable CA2100 // Texts of this file.
        command.CommandText = $"CREATE TRIGGER ask AFTER {when} ON jobs WHEN NEW.id = '{job}' AND NEW.attempt = 1 AND NEW.state = 3 AND {condition} "
            + "BEGIN UPDATE jobs SET pause_requested = 1 WHERE seq = NEW.seq; END";
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private async Task PausedAsync(string job)
    {
        await RunUntilAsync(() => Job(job).State == JobState.Paused || Job(job).IsDone);
        Assert.True(Job(job).State == JobState.Paused, $"{Job(job).State} {Job(job).Error}");
    }

    private async Task<JobRecord> EndAsync(string job)
    {
        await RunUntilAsync(() => Job(job).IsDone);
        Assert.True(Job(job).State == JobState.Succeeded, Job(job).Error?.ToString());
        return Job(job);
    }

    private async Task RunUntilAsync(Func<bool> isEnough)
    {
        using var shutdown = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var workspace = Workspace.Open(_folder.Path, TimeProvider.System);
        var options = new TrainerOptions { WorkerId = "worker", PollInterval = TimeSpan.FromMilliseconds(20) };
        var worker = Task.Run(() => new TrainerWorker(workspace, options, new FastTimers(), TextWriter.Null).RunAsync(shutdown.Token), shutdown.Token);
        while (!isEnough())
            await Task.Delay(10, shutdown.Token);
        await shutdown.CancelAsync();
        await worker;
    }

    private JobRecord Job(string id) => _workspace.Jobs.Find(id) ?? throw new InvalidOperationException($"Job {id} is gone.");

    private ModelVersionRecord Version(JobRecord job) =>
        job.Result is { } id && _workspace.Models.FindVersion(id) is { } version ? version : throw new InvalidOperationException($"Job {job.Id} has no version.");
}
