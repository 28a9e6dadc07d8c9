using BiT.Core.Store;
using BiT.Tests.Unit.Store;
using BiT.Training.Worker;

namespace BiT.Tests.Unit.Worker;

/// <summary>Whole jobs on a real store that are paused and cancelled in every phase.</summary>
public sealed class JobStopTests : IDisposable
{
    // A phase that ended between two heartbeats is tried again.
    private const int MostTries = 40;

    private static readonly FineTuneOverrides Short = new()
    {
        Steps = 6, BatchSize = 12, MicroBatchSize = 6, Crop = 32, Resize = 36, LearningRate = 0.01, EvaluationInterval = 1, WarmupSteps = 0, Seed = 7,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;

    public JobStopTests() => _workspace = Workspace.Open(_folder.Path, TimeProvider.System);

    public void Dispose()
    {
        _workspace.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("full", "preparing photos", false)]
    [InlineData("head", "computing features", false)]
    [InlineData("full", "building graphs", false)]
    [InlineData("full", "training", true)]
    [InlineData("full", "evaluating", true)]
    [InlineData("full", "publishing", true)]
    [InlineData("full", "evaluating the version", true)]
    [InlineData("head", "comparing", true)]
    public async Task Job_PausedAndThenCancelledInAPhase_EndsInThatStateWithItsCheckpointAndNoVersion(string method, string phase, bool hasCheckpoint)
    {
        var tries = 0;
        while (!await IsStoppedInAsync($"squares-{tries}", method, phase, hasCheckpoint))
            Assert.True(++tries < MostTries, $"The phase '{phase}' was missed {MostTries} times.");
    }

    [Fact]
    public async Task Job_CancelledWhileNoHeartbeatComes_HearsItAllTheSame()
    {
        // Hours, if nobody heard.
        var job = Submit("squares", "full", Short with { Steps = 1_000_000, EvaluationInterval = 1_000_000 }, PromotionRule.None);
        await RunUntilAsync(() =>
        {
            if (Job(job).PlanJson is not null && !Job(job).CancelRequested)
                _workspace.Jobs.RequestCancel(job);
            return Job(job).IsDone;
        }, new SilentHeartbeats());

        Assert.Equal(JobState.Cancelled, Job(job).State);
    }

    // False if the phase was over before a heartbeat saw it.
    private async Task<bool> IsStoppedInAsync(string model, string method, string phase, bool hasCheckpoint)
    {
        foreach (var file in Directory.GetFiles(_workspace.CacheFolder))
            File.Delete(file);
        if (phase == "comparing")
            await PublishedAsync(model);
        var versions = _workspace.Models.Find(model)?.LatestVersion?.Id;
        var job = Submit(model, method, Short with { MicroBatchSize = method == "head" ? 12 : 6 }, phase == "comparing" ? PromotionRule.IfBetter : PromotionRule.None);
        Ask(job, phase, leastStep: hasCheckpoint ? 1 : 0);

        await RunUntilAsync(() => Job(job).State == JobState.Paused || Job(job).IsDone, new FastTimers());
        if (Job(job).IsDone)
            return Missed(job);
        Assert.Equal((JobState.Paused, 1, false), (Job(job).State, Job(job).Attempt, Job(job).PauseRequested));
        _workspace.Jobs.RequestResume(job);
        await RunUntilAsync(() => Job(job).IsDone, new FastTimers());
        if (Job(job).State == JobState.Succeeded)
            return Missed(job);

        Assert.True((JobState.Cancelled, 2) == (Job(job).State, Job(job).Attempt), $"{Job(job)}");
        Assert.Equal(versions, _workspace.Models.Find(model)?.LatestVersion?.Id);
        if (hasCheckpoint)
            Assert.True(File.Exists(Path.Combine(_workspace.JobFolder(job), Job(job).Checkpoint ?? "")), $"The checkpoint {Job(job).Checkpoint} is gone.");
        Assert.Empty(Directory.GetFiles(_workspace.CacheFolder, "*.tmp"));
        Assert.Empty(Directory.GetFileSystemEntries(_workspace.TemporaryFolder));
        return true;
    }

    private bool Missed(string job)
    {
        Assert.True(Job(job).State == JobState.Succeeded, $"{Job(job).Error}");
        return false;
    }

    // In the very transaction that tells of the phase: a pause in the first attempt, a cancellation in the second.
    private void Ask(string job, string phase, int leastStep)
    {
        using var database = TestWorkspace.OpenDatabase(_folder.Path);
        using var command = database.CreateCommand();
        var isThere = $"json_extract(NEW.progress, '$.phase') = '{phase}' OR json_extract(NEW.progress, '$.phase') LIKE '{phase} (%'";
#pragma warning disable CA2100 // Texts of this file.
        command.CommandText = $"DROP TRIGGER IF EXISTS ask; CREATE TRIGGER ask AFTER UPDATE OF progress ON jobs WHEN NEW.id = '{job}' AND NEW.state = 3 AND ({isThere}) AND json_extract(NEW.progress, '$.step') >= {leastStep} BEGIN "
            + "UPDATE jobs SET pause_requested = 1 WHERE seq = NEW.seq AND attempt = 1; UPDATE jobs SET cancel_requested = 1 WHERE seq = NEW.seq AND attempt = 2; END";
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private async Task PublishedAsync(string model)
    {
        var job = Submit(model, "head", Short with { MicroBatchSize = 12 }, PromotionRule.None);
        await RunUntilAsync(() => Job(job).IsDone, new FastTimers());
        Assert.True(Job(job).Result is not null, $"{Job(job).Error}");
        _workspace.Models.SetAlias(model, "live", 1, OptionalExpected.Absent);
    }

    private string Submit(string model, string method, FineTuneOverrides overrides, PromotionRule rule) => _workspace.Jobs.Submit(
        new FineTuneSpec
        {
            DatasetId = TinyDataset.Save(_workspace, trainPerClass: 40, validationPerClass: 20).Id, ModelId = model, Network = "bit-tiny",
            Method = method, Recipe = method == "head" ? "lite" : "scratch", Overrides = overrides, Promotion = rule,
        },
        null).Id;

    private async Task RunUntilAsync(Func<bool> isEnough, TimeProvider time)
    {
        using var shutdown = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var workspace = Workspace.Open(_folder.Path, TimeProvider.System);
        var options = new TrainerOptions { WorkerId = "worker", PollInterval = TimeSpan.FromMilliseconds(20) };
        var worker = Task.Run(() => new TrainerWorker(workspace, options, time, TextWriter.Null).RunAsync(shutdown.Token), shutdown.Token);
        while (!isEnough())
            await Task.Delay(5, shutdown.Token);
        await shutdown.CancelAsync();
        await worker;
    }

    private JobRecord Job(string id) => _workspace.Jobs.Find(id) ?? throw new InvalidOperationException($"Job {id} is gone.");
}
