using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

/// <summary>Clocks that jump: what a job's times and leases say then.</summary>
public sealed class JobClockTests
{
    private static readonly TimeSpan Jump = TimeSpan.FromHours(5);

    [Fact]
    public void Job_OnAClockThatIsSetBackBetweenItsStages_NeverEndsBeforeItBegan()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        test.Time.Advance(-Jump);
        var lease = test.Lease();
        test.Time.Advance(-Jump);
        test.Jobs.Heartbeat(lease, test.Progress(1));
        test.Time.Advance(-Jump);
        test.Jobs.Publish(lease, test.Manifest());

        var done = test.Job(job.Id);
        Assert.True(done.CreateTime <= done.StartTime && done.StartTime <= done.EndTime, $"{done.CreateTime} {done.StartTime} {done.EndTime}");
        Assert.Equal([JobState.Queued, JobState.Running, JobState.Succeeded], test.States(job.Id));
    }

    [Fact]
    public void Lease_OnAClockThatJumpsForward_LivesOnIfItsWorkerIsFirstAndIsFencedIfNot()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var alive = test.Lease();
        test.Time.Advance(Jump);

        Assert.Equal(StopRequest.None, test.Jobs.Heartbeat(alive, test.Progress(1)));
        Assert.Null(test.Jobs.TryLease("worker-2", TestWorkspace.LeaseDuration));

        test.Time.Advance(Jump);
        var taken = test.Jobs.TryLease("worker-2", TestWorkspace.LeaseDuration);
        Assert.Equal((job.Id, 2), (taken?.JobId, taken?.Attempt));
        Assert.Throws<LeaseLostException>(() => test.Jobs.Publish(alive, test.Manifest()));
        Assert.Equal(JobState.Running, test.Job(job.Id).State);
    }

    [Fact]
    public void Lease_OnAClockThatIsSetBack_IsTakenBackOneDurationAfterItsWorkerDied()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        test.Lease();
        test.Time.Advance(-Jump);
        Assert.Equal(0, test.Jobs.RequeueExpired());

        test.Time.Advance(TestWorkspace.LeaseDuration);

        Assert.Equal(1, test.Jobs.RequeueExpired());
        Assert.Equal(JobState.Queued, test.Job(job.Id).State);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(15, 1)]
    [InlineData(16, 0)]
    [InlineData(-16, 0)]
    public void Trainers_ThatAreSilentOrOfTheFuture_DoNotCountAsAlive(int seconds, int expected)
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        test.Jobs.SayAlive("trainer");
        test.Time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(expected, test.Jobs.ReadQueue(job.Id).LiveTrainers);
    }

    [Fact]
    public void Queue_OfAWaitingJob_CountsThoseBeforeItAndNamesThoseThatRun()
    {
        using var test = new TestWorkspace();
        var running = test.Submit();
        test.Lease("trainer");
        var jobs = Enumerable.Range(0, 3).Select(_ => test.Submit()).ToArray();
        test.Jobs.RequestPause(jobs[0].Id);
        test.Jobs.SayAlive("trainer");

        var queue = test.Jobs.ReadQueue(jobs[2].Id);

        Assert.Equal((1, 1), (queue.JobsBefore, queue.LiveTrainers));
        Assert.Equal([running.Id], queue.Running);
        test.Jobs.RequeueWorker("trainer");
        Assert.Equal((2, 0), (test.Jobs.ReadQueue(jobs[2].Id).JobsBefore, test.Jobs.ReadQueue(jobs[2].Id).LiveTrainers));
    }
}
