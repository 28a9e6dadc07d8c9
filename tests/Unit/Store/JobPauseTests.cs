using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

/// <summary>Pause, resume and deletion of jobs, and what happens when they meet something else.</summary>
public sealed class JobPauseTests
{
    [Fact]
    public void Pause_Queued_IsPausedAtOnceAndLeasedOnlyAfterResume()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();

        Assert.Equal(JobState.Paused, test.Jobs.RequestPause(job.Id).State);
        Assert.Equal(JobState.Paused, test.Jobs.RequestPause(job.Id).State);
        Assert.Null(test.Jobs.TryLease("worker-1", TestWorkspace.LeaseDuration));
        Assert.Equal(JobState.Queued, test.Jobs.RequestResume(job.Id).State);

        Assert.Equal(job.Id, test.Lease().JobId);
        Assert.Equal([JobState.Queued, JobState.Paused, JobState.Queued, JobState.Running], test.States(job.Id));
    }

    [Fact]
    public void Pause_Running_TellsTheWorkerWhoseReleasePausesTheJobWithItsCheckpoint()
    {
        using var test = new TestWorkspace();
        using var server = test.OpenAgain();
        var job = test.Submit();
        var lease = test.Lease();
        test.Jobs.SetCheckpoint(lease, "attempt-1/step-7");

        var asked = server.Jobs.RequestPause(job.Id);

        Assert.Equal((JobState.Running, true), (asked.State, asked.PauseRequested));
        Assert.Equal(StopRequest.Pause, test.Jobs.Heartbeat(lease, null));
        Assert.Equal(JobState.Paused, test.Jobs.Release(lease));
        Assert.Throws<LeaseLostException>(() => test.Jobs.Heartbeat(lease, null));
        var paused = test.Job(job.Id);
        Assert.Equal((JobState.Paused, false, "attempt-1/step-7"), (paused.State, paused.PauseRequested, paused.Checkpoint));
        test.Jobs.RequestResume(job.Id);
        Assert.Equal(2, test.Lease().Attempt);
    }

    [Fact]
    public void Resume_BeforeTheWorkerHasStopped_TakesThePauseBack()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();
        test.Jobs.RequestPause(job.Id);
        Assert.Equal(StopRequest.Pause, test.Jobs.Heartbeat(lease, null));

        Assert.Equal((JobState.Running, false), (test.Jobs.RequestResume(job.Id).State, test.Job(job.Id).PauseRequested));

        // The worker is stopping already: its job goes on with the next one that asks.
        Assert.Equal(JobState.Queued, test.Jobs.Release(lease));
    }

    [Fact]
    public void Pause_WhileTheJobEnds_LosesToTheEnd()
    {
        using var test = new TestWorkspace();
        var published = test.Submit();
        var lease = test.Lease();
        test.Jobs.RequestPause(published.Id);
        test.Jobs.Publish(lease, test.Manifest());
        var failed = test.Submit();
        lease = test.Lease();
        test.Jobs.RequestPause(failed.Id);
        test.Jobs.Fail(lease, new JobError("DIVERGED", "It diverged."));

        Assert.Equal((JobState.Succeeded, false), (test.Job(published.Id).State, test.Job(published.Id).PauseRequested));
        Assert.Equal((JobState.Failed, false), (test.Job(failed.Id).State, test.Job(failed.Id).PauseRequested));
        Refused("JOB_DONE", () => test.Jobs.RequestPause(published.Id));
        Refused("JOB_DONE", () => test.Jobs.RequestResume(failed.Id));
    }

    [Fact]
    public async Task Pause_AgainstPublish_EndsInOneOfTheTwoStatesNeverBetween()
    {
        using var test = new TestWorkspace();
        using var server = test.OpenAgain();
        var manifest = test.Manifest();
        for (var round = 0; round < 20; round++)
        {
            var job = test.Submit();
            var lease = test.Lease();
            using var start = new Barrier(2);
            var pausing = Task.Run(() =>
            {
                start.SignalAndWait();
                return Record.Exception(() => server.Jobs.RequestPause(job.Id));
            }, TestContext.Current.CancellationToken);
            start.SignalAndWait(TestContext.Current.CancellationToken);
            test.Jobs.Publish(lease, manifest);

            var refusal = await pausing;
            Assert.True(refusal is null or JobStateException { Reason: "JOB_DONE" }, refusal?.ToString());
            Assert.Equal((JobState.Succeeded, false), (test.Job(job.Id).State, test.Job(job.Id).PauseRequested));
        }
    }

    [Fact]
    public void Cancel_WinsOverPause_BeforeAndAfterIt()
    {
        using var test = new TestWorkspace();
        var paused = test.Submit();
        test.Jobs.RequestPause(paused.Id);
        Assert.Equal(JobState.Cancelled, test.Jobs.RequestCancel(paused.Id).State);

        var running = test.Submit();
        var lease = test.Lease();
        test.Jobs.RequestPause(running.Id);
        Assert.Equal((true, false), (test.Jobs.RequestCancel(running.Id).CancelRequested, test.Job(running.Id).PauseRequested));
        Refused("JOB_CANCEL_REQUESTED", () => test.Jobs.RequestPause(running.Id));
        Refused("JOB_NOT_PAUSED", () => test.Jobs.RequestResume(running.Id));
        Assert.Equal(StopRequest.Cancel, test.Jobs.Heartbeat(lease, null));
        Assert.Equal(JobState.Cancelled, test.Jobs.Release(lease));
    }

    [Fact]
    public void Pause_OfAJobWhoseWorkerDies_PausesItAlsoAtItsLastTry()
    {
        using var test = new TestWorkspace(new WorkspaceOptions { MaxLostLeases = 1 });
        var job = test.Submit();
        test.Lease();
        test.Jobs.RequestPause(job.Id);

        test.Time.Advance(TestWorkspace.LeaseDuration);
        test.Jobs.RequeueExpired();

        Assert.Equal((JobState.Paused, 1), (test.Job(job.Id).State, test.Job(job.Id).LostLeases));
        Assert.Equal(0, test.Jobs.RequestResume(job.Id).LostLeases);
    }

    [Fact]
    public void Resume_OfAJobThatWaitsOrRuns_IsRefused()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();

        Refused("JOB_NOT_PAUSED", () => test.Jobs.RequestResume(job.Id));
        test.Lease();
        Refused("JOB_NOT_PAUSED", () => test.Jobs.RequestResume(job.Id));
        Assert.Throws<StoreNotFoundException>(() => test.Jobs.RequestPause(new string('0', 32)));
    }

    [Fact]
    public void Delete_OfADoneJob_RemovesEventsAndFolderAndKeepsTheVersion()
    {
        using var test = new TestWorkspace();
        var job = test.Jobs.Submit(TestWorkspace.Spec(), "once");
        var folder = test.Workspace.AttemptFolder(test.Lease());
        File.WriteAllText(Path.Combine(folder, "step-1"), "weights");
        var lease = new JobLease(job.Id, 1, "worker-1", TestWorkspace.LeaseDuration);
        Refused("JOB_NOT_DONE", () => test.Workspace.DeleteJob(job.Id));
        Assert.True(Directory.Exists(folder));
        var version = test.Jobs.Publish(lease, test.Manifest());

        test.Workspace.DeleteJob(job.Id);

        Assert.Null(test.Jobs.Find(job.Id));
        Assert.False(Directory.Exists(Path.Combine(test.Path, "jobs", job.Id)));
        Assert.NotNull(test.Workspace.Models.FindVersion(version.Id));
        using (var database = test.OpenDatabase())
        using (var command = database.CreateCommand())
        {
            command.CommandText = "SELECT count(*) FROM job_events";
            Assert.Equal(0L, command.ExecuteScalar());
        }
        Assert.Throws<StoreNotFoundException>(() => test.Workspace.DeleteJob(job.Id));
        // Its request id went with it.
        Assert.NotEqual(job.Id, test.Jobs.Submit(TestWorkspace.Spec(), "once").Id);
    }

    [Fact]
    public void Delete_CutOffBehindTheRow_IsFinishedAtTheNextStart()
    {
        using var test = new TestWorkspace();
        var deleted = test.Submit();
        var kept = test.Submit();
        foreach (var id in (string[])[deleted.Id, kept.Id])
            File.WriteAllText(Path.Combine(test.Workspace.JobFolder(id), "checkpoint"), "weights");
        test.Jobs.RequestCancel(deleted.Id);
        // The row goes, and the process with it.
        test.Jobs.Delete(deleted.Id);
        Assert.True(Directory.Exists(Path.Combine(test.Path, "jobs", deleted.Id)));

        test.OpenAgain();

        Assert.False(Directory.Exists(Path.Combine(test.Path, "jobs", deleted.Id)));
        Assert.True(File.Exists(Path.Combine(test.Path, "jobs", kept.Id, "checkpoint")));
    }

    private static void Refused(string reason, Action call) => Assert.Equal(reason, Assert.Throws<JobStateException>(call).Reason);
}
