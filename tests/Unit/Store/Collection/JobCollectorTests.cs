using BiT.Core.Store;

namespace BiT.Tests.Unit.Store.Collection;

public sealed class JobCollectorTests
{
    private static readonly CollectionOptions Options = new() { CheckpointAge = TimeSpan.FromDays(30), EventAge = TimeSpan.FromDays(90) };

    [Fact]
    public void Collect_CancelledJob_KeepsItsCheckpointForItsTime()
    {
        using var test = new TestWorkspace();
        var (job, file) = WithCheckpoint(test);
        test.Jobs.RequestCancel(job.Id);

        test.Time.Advance(TimeSpan.FromDays(30));
        Assert.Equal(0, test.Workspace.Collect(Options, isDryRun: false).CheckpointJobCount);
        test.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 5L), Checkpoints(test.Workspace.Collect(Options, isDryRun: true)));
        Assert.True(File.Exists(file));
        Assert.Equal((1, 5L), Checkpoints(test.Workspace.Collect(Options, isDryRun: false)));

        Assert.False(File.Exists(file));
        Assert.Null(test.Job(job.Id).Checkpoint);
        Assert.True(test.Workspace.Collect(Options, isDryRun: false).IsEmpty);
    }

    [Theory]
    [InlineData(JobState.Queued)]
    [InlineData(JobState.Running)]
    [InlineData(JobState.Paused)]
    public void Collect_JobThatIsNotDone_KeepsAllHoweverOld(JobState state)
    {
        using var test = new TestWorkspace();
        var (job, file) = WithCheckpoint(test);
        if (state == JobState.Running)
            test.Lease();
        else if (state == JobState.Paused)
            test.Jobs.RequestPause(job.Id);
        test.Time.Advance(TimeSpan.FromDays(1000));

        Assert.True(test.Workspace.Collect(Options, isDryRun: false).IsEmpty);
        Assert.True(File.Exists(file));
        Assert.Equal((state, "attempt-1/step-1.safetensors"), (test.Job(job.Id).State, test.Job(job.Id).Checkpoint));
    }

    [Fact]
    public void Collect_OldJob_LosesProgressEventsAndKeepsItsStory()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();
        for (var step = 1; step <= 5; step++)
            test.Jobs.Heartbeat(lease, test.Progress(step));
        test.Jobs.AppendMessage(lease, "half way");
        test.Jobs.Fail(lease, new JobError("DIVERGED", "The loss is not finite."));
        test.Time.Advance(Options.EventAge + TimeSpan.FromSeconds(1));

        Assert.Equal(5, test.Workspace.Collect(Options, isDryRun: true).EventCount);
        Assert.Equal(5, test.Workspace.Collect(Options, isDryRun: false).EventCount);

        Assert.Equal([JobEventKind.State, JobEventKind.State, JobEventKind.Message, JobEventKind.State],
            test.Jobs.ReadEvents(job.Id, 0, 100).Select(item => item.Kind));
        Assert.Equal(5, test.Job(job.Id).Progress?.Step);
        using var connection = test.OpenDatabase();
        Assert.Equal(0, connection.QueryNumber("SELECT progress_events FROM jobs"));
    }

    private static (JobRecord Job, string File) WithCheckpoint(TestWorkspace test)
    {
        var job = test.Submit();
        var lease = test.Lease();
        var file = Path.Combine(test.Workspace.AttemptFolder(lease), "step-1.safetensors");
        File.WriteAllText(file, "12345");
        test.Jobs.SetCheckpoint(lease, "attempt-1/step-1.safetensors");
        test.Jobs.Release(lease);
        return (job, file);
    }

    private static (int Jobs, long Bytes) Checkpoints(CollectionReport report) => (report.CheckpointJobCount, report.CheckpointBytes);
}
