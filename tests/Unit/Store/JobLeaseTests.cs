using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

/// <summary>Leases: one worker per job, fenced by the attempt.</summary>
public sealed class JobLeaseTests
{
    private static readonly TimeSpan LeaseDuration = TestWorkspace.LeaseDuration;

    [Fact]
    public void TryLease_SeveralJobs_OldestFirstAlsoWhenTheClockJumpsBack()
    {
        using var test = new TestWorkspace();
        var first = test.Submit();
        test.Time.Advance(TimeSpan.FromHours(-2));
        var second = test.Submit();

        Assert.Equal(first.Id, test.Lease().JobId);
        Assert.Equal(second.Id, test.Lease().JobId);
        Assert.Null(test.Jobs.TryLease("worker-1", LeaseDuration));
        Assert.Equal((JobState.Running, 1), (test.Job(first.Id).State, test.Job(first.Id).Attempt));
    }

    [Fact]
    public void Lease_OfAJobThatWasDeletedMeanwhile_IsLost()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();
        test.Time.Advance(LeaseDuration * 2);
        test.Jobs.RequeueExpired();
        test.Jobs.RequestCancel(job.Id);
        test.Jobs.Delete(job.Id);

        Assert.Throws<LeaseLostException>(() => test.Jobs.Heartbeat(lease, null));
        Assert.Throws<LeaseLostException>(() => test.Jobs.Fail(lease, new JobError("INTERNAL", "It failed.")));
        Assert.Throws<LeaseLostException>(() => test.Jobs.Release(lease));
    }

    [Fact]
    public async Task TryLease_TwoTrainersOnOneStore_NeverShareAJob()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var submitted = Enumerable.Range(0, 40).Select(_ => test.Submit().Id).ToList();
        using var start = new Barrier(4);

        var leased = await Task.WhenAll(Enumerable.Range(0, 4).Select(index => Task.Run(() =>
        {
            var jobs = (index % 2 == 0 ? test.Workspace : other).Jobs;
            var mine = new List<string>();
            start.SignalAndWait();
            while (jobs.TryLease($"worker-{index}", LeaseDuration) is { } lease)
            {
                mine.Add(lease.JobId);
                jobs.Heartbeat(lease, test.Progress(1));
            }
            return mine;
        }, TestContext.Current.CancellationToken)));

        Assert.Equal(submitted.Order(), leased.SelectMany(ids => ids).Order());
        Assert.All(submitted, id => Assert.Equal(1, test.Job(id).Attempt));
    }

    [Fact]
    public void TryLease_LeaseRunOut_NextAttemptGetsTheJobAndItsCheckpoint()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var job = test.Submit();
        var first = test.Lease();
        test.Jobs.SetCheckpoint(first, "attempt-1/step-40");
        test.Jobs.Heartbeat(first, test.Progress(40));
        var started = test.Job(job.Id).StartTime;

        test.Time.Advance(LeaseDuration - TimeSpan.FromMilliseconds(1));
        Assert.Null(other.Jobs.TryLease("worker-2", LeaseDuration));
        test.Time.Advance(TimeSpan.FromMilliseconds(1));
        var second = other.Jobs.TryLease("worker-2", LeaseDuration);

        Assert.Equal(new JobLease(job.Id, 2, "worker-2", LeaseDuration), second);
        var record = test.Job(job.Id);
        Assert.Equal((JobState.Running, 2, "attempt-1/step-40"), (record.State, record.Attempt, record.Checkpoint));
        Assert.Equal(started, record.StartTime);
        Assert.Equal(40, record.Progress?.Step);
        Assert.Equal([JobState.Queued, JobState.Running, JobState.Queued, JobState.Running], test.States(job.Id));
    }

    [Fact]
    public void Heartbeat_InTime_KeepsTheLease()
    {
        using var test = new TestWorkspace();
        test.Submit();
        var lease = test.Lease();

        for (var beat = 0; beat < 5; beat++)
        {
            test.Time.Advance(LeaseDuration * 0.9);
            test.Jobs.Heartbeat(lease, null);
            Assert.Equal(0, test.Jobs.RequeueExpired());
        }
    }

    [Fact]
    public void Heartbeat_LateButNobodyTookTheJob_KeepsTheLease()
    {
        using var test = new TestWorkspace();
        test.Submit();
        var lease = test.Lease();

        test.Time.Advance(LeaseDuration * 3);
        test.Jobs.Heartbeat(lease, null);

        Assert.Equal(0, test.Jobs.RequeueExpired());
    }

    public enum Loss
    {
        Requeued,
        LeasedByAnother,
        Succeeded,
        Cancelled,
    }

    [Theory]
    [InlineData(Loss.Requeued)]
    [InlineData(Loss.LeasedByAnother)]
    [InlineData(Loss.Succeeded)]
    [InlineData(Loss.Cancelled)]
    public void Lease_Stale_CannotWriteAnything(Loss loss)
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var job = test.Submit();
        var stale = test.Lease();
        if (loss == Loss.Cancelled)
            other.Jobs.RequestCancel(job.Id);
        test.Time.Advance(LeaseDuration);
        Assert.Equal(1, other.Jobs.RequeueExpired());
        var current = loss is Loss.LeasedByAnother or Loss.Succeeded ? other.Jobs.TryLease("worker-2", LeaseDuration) : null;
        if (current is not null && loss == Loss.Succeeded)
            other.Jobs.Publish(current, test.Manifest("of worker 2"));
        var before = Everything();
        var manifest = test.Manifest();
        Action[] writes =
        [
            () => test.Jobs.Heartbeat(stale, test.Progress(7)),
            () => test.Jobs.Heartbeat(stale, null),
            () => test.Jobs.RequireLease(stale),
            () => test.Jobs.AppendMessage(stale, "hello"),
            () => test.Jobs.SetPlan(stale, "{}"),
            () => test.Jobs.SetCheckpoint(stale, "attempt-1/step-7"),
            () => test.Jobs.Release(stale),
            () => test.Jobs.Fail(stale, new JobError("BROKEN", "broken")),
            () => test.Jobs.Cancel(stale),
            () => test.Jobs.Publish(stale, manifest),
        ];

        Assert.All(writes, write => Assert.Equal(stale, Assert.Throws<LeaseLostException>(write).Lease));

        Assert.Equal(before, Everything());

        (JobRecord, int, ModelVersionId?) Everything() => (
            test.Job(job.Id), test.Jobs.ReadEvents(job.Id, 0, 100).Count, test.Workspace.Models.Find("flowers")?.LatestVersion?.Id);
    }

    [Fact]
    public void Cancel_WorkerDied_EndsCancelledWithoutAnotherAttempt()
    {
        using var test = new TestWorkspace();
        var (byPolling, bySupervisor, byRelease) = (test.Submit(), test.Submit(), test.Submit());
        _ = (test.Lease("worker-1"), test.Lease("worker-2"));
        var handedBack = test.Lease("worker-3");
        foreach (var job in (JobRecord[])[byPolling, bySupervisor, byRelease])
            test.Jobs.RequestCancel(job.Id);

        test.Jobs.Release(handedBack);
        Assert.Equal(1, test.Jobs.RequeueWorker("worker-2"));
        test.Time.Advance(LeaseDuration);
        Assert.Null(test.Jobs.TryLease("worker-4", LeaseDuration));

        Assert.All([byPolling, bySupervisor, byRelease], job =>
            Assert.Equal((JobState.Cancelled, 1), (test.Job(job.Id).State, test.Job(job.Id).Attempt)));
    }

    [Fact]
    public void Release_Running_IsQueuedInItsOldPlace()
    {
        using var test = new TestWorkspace();
        var (first, _) = (test.Submit(), test.Submit());
        var lease = test.Lease();

        test.Jobs.Release(lease);

        Assert.Equal(JobState.Queued, test.Job(first.Id).State);
        Assert.Equal(lease with { Attempt = 2 }, test.Lease());
    }

    [Fact]
    public void RequeueWorker_TwoWorkers_TakesBackOnlyThatOnes()
    {
        using var test = new TestWorkspace();
        test.Submit();
        test.Submit();
        var (dead, alive) = (test.Lease("dead"), test.Lease("alive"));

        Assert.Equal(1, test.Jobs.RequeueWorker("dead"));
        Assert.Equal(0, test.Jobs.RequeueWorker("dead"));

        Assert.Equal(JobState.Queued, test.Job(dead.JobId).State);
        Assert.Equal(StopRequest.None, test.Jobs.Heartbeat(alive, null));
        Assert.Throws<LeaseLostException>(() => test.Jobs.Heartbeat(dead, null));
    }

    [Fact]
    public void Lease_JobThatKillsItsWorkers_FailsAtTheThirdWithTheEvidence()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        for (var loss = 1; loss <= 3; loss++)
        {
            Assert.Equal(JobState.Queued, test.Job(job.Id).State);
            test.Jobs.Heartbeat(test.Lease(), test.Progress(0));
            test.Jobs.RequeueWorker("worker-1", new WorkerEnd($"was ended by signal {loss}.\nlast words {loss}"));
        }

        var failed = test.Job(job.Id);
        Assert.Equal((JobState.Failed, 3), (failed.State, failed.Attempt));
        Assert.Equal("WORKER_LOST", failed.Error?.Reason);
        Assert.Contains("3 trainers in a row", failed.Error?.Message, StringComparison.Ordinal);
        Assert.EndsWith("it was ended by signal 3.\nlast words 3", failed.Error?.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], test.Jobs.ReadEvents(job.Id, 0, 100).Where(item => item.Payload.StartsWith("Trainer", StringComparison.Ordinal))
            .Select(item => int.Parse(item.Payload[^1..], null)));
        Assert.Null(test.Jobs.TryLease("worker-1", LeaseDuration));
    }

    [Fact]
    public void Lease_WorkersThatGoSilent_AreToldByTheirSilence()
    {
        using var test = new TestWorkspace(new WorkspaceOptions { MaxLostLeases = 1 });
        var job = test.Submit();
        test.Jobs.Heartbeat(test.Lease(), test.Progress(7));
        test.Time.Advance(TimeSpan.FromSeconds(31));

        test.Jobs.RequeueExpired();

        Assert.Contains("(training, step 7)", test.Job(job.Id).Error?.Message, StringComparison.Ordinal);
        Assert.EndsWith("it gave no sign of life for 31 s.", test.Job(job.Id).Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequeueWorker_ThatWasStopped_SaysNothingAgainstTheJob()
    {
        using var test = new TestWorkspace(new WorkspaceOptions { MaxLostLeases = 1 });
        var job = test.Submit();
        for (var stop = 0; stop < 3; stop++)
        {
            test.Lease();
            Assert.Equal(1, test.Jobs.RequeueWorker("worker-1", new WorkerEnd("did not end in time.", WasStopped: true)));
            Assert.Equal((JobState.Queued, 0), (test.Job(job.Id).State, test.Job(job.Id).LostLeases));
        }
        Assert.Contains(test.Jobs.ReadEvents(job.Id, 0, 100), item => item.Payload == "Trainer 'worker-1' was stopped in attempt 3: it did not end in time.");
    }

    [Fact]
    public void Lease_WorkersLostButStepsMade_GoesOn()
    {
        using var test = new TestWorkspace(new WorkspaceOptions { MaxLostLeases = 2 });
        var job = test.Submit();

        for (var loss = 1; loss <= 6; loss++)
        {
            test.Jobs.Heartbeat(test.Lease(), test.Progress(loss * 10));
            test.Jobs.RequeueWorker("worker-1");
            Assert.Equal(JobState.Queued, test.Job(job.Id).State);
        }
    }

    [Fact]
    public void Clock_JumpsBack_LivingWorkerKeepsItsJobAndADeadOnesComesBack()
    {
        using var test = new TestWorkspace();
        test.Submit();
        test.Submit();
        var (alive, dead) = (test.Lease("alive"), test.Lease("dead"));

        test.Time.Advance(TimeSpan.FromDays(-1));
        Assert.Equal(0, test.Jobs.RequeueExpired());
        test.Time.Advance(LeaseDuration * 0.5);
        test.Jobs.Heartbeat(alive, null);
        test.Time.Advance(LeaseDuration * 0.5);

        Assert.Equal(1, test.Jobs.RequeueExpired());
        Assert.Equal(JobState.Running, test.Job(alive.JobId).State);
        Assert.Equal(JobState.Queued, test.Job(dead.JobId).State);
    }

    [Fact]
    public void Clock_JumpsBack_JobDoesNotEndBeforeItBegan()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();
        test.Time.Advance(TimeSpan.FromDays(-1));

        test.Jobs.Fail(lease, new JobError("BROKEN", "broken"));

        var failed = test.Job(job.Id);
        Assert.Equal(failed.StartTime, failed.EndTime);
        Assert.Equal(new JobError("BROKEN", "broken"), failed.Error);
    }

    [Fact]
    public void SetPlan_SameAgain_IsOneEvent()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();
        test.Jobs.SetPlan(lease, """{"steps":1}""");
        test.Jobs.Release(lease);

        test.Jobs.SetPlan(test.Lease(), """{"steps":1}""");

        Assert.Equal("""{"steps":1}""", test.Job(job.Id).PlanJson);
        Assert.Single(test.Jobs.ReadEvents(job.Id, 0, 100), item => item.Kind == JobEventKind.Plan);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../other/checkpoint")]
    public void SetCheckpoint_OutsideTheJobFolder_Refuses(string path)
    {
        using var test = new TestWorkspace();
        test.Submit();
        var lease = test.Lease();

        Assert.Throws<ArgumentException>(() => test.Jobs.SetCheckpoint(lease, path));
    }
}
