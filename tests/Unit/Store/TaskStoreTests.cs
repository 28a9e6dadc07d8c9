using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

/// <summary>Tasks: a caller waits, a trainer works, each may vanish.</summary>
public sealed class TaskStoreTests
{
    private static readonly TimeSpan Awaited = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(20);

    [Fact]
    public void Succeed_LeasedTask_CallerFindsTheResult()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var first = test.Workspace.Tasks.Submit(TaskKind.Estimate, """{"a":1}""", Awaited);
        var second = test.Workspace.Tasks.Submit(TaskKind.Compose, "{}", Awaited);

        var lease = other.Tasks.TryLease("trainer", LeaseDuration);

        Assert.Equal((first.Id, TaskKind.Estimate, """{"a":1}"""), (lease!.Task.Id, lease.Task.Kind, lease.Task.Request));
        Assert.True(test.Workspace.Tasks.IsAnyRunning());
        other.Tasks.Succeed(lease, """{"b":2}""");
        Assert.Equal((JobState.Succeeded, """{"b":2}"""), Outcome(test, first.Id));
        Assert.Equal((JobState.Queued, null), Outcome(test, second.Id));
        Assert.False(test.Workspace.Tasks.IsAnyRunning());
    }

    [Fact]
    public void Fail_LeasedTask_CallerFindsTheError()
    {
        using var test = new TestWorkspace();
        var task = test.Workspace.Tasks.Submit(TaskKind.Import, "{}", Awaited);
        test.Workspace.Tasks.Fail(test.Workspace.Tasks.TryLease("trainer", LeaseDuration)!, new JobError("INVALID_WEIGHTS", "no"));

        Assert.Equal(new JobError("INVALID_WEIGHTS", "no"), test.Workspace.Tasks.Find(task.Id)!.Error);
        Assert.Null(test.Workspace.Tasks.TryLease("trainer", LeaseDuration));
    }

    [Fact]
    public void Publish_LeasedTask_AddsTheVersionOnceAndNamesIt()
    {
        using var test = new TestWorkspace();
        var task = test.Workspace.Tasks.Submit(TaskKind.Import, "{}", Awaited);
        var lease = test.Workspace.Tasks.TryLease("trainer", LeaseDuration)!;

        var version = test.Workspace.Tasks.Publish(lease, "flowers", test.Manifest());

        Assert.Equal((JobState.Succeeded, "models/flowers/versions/1"), Outcome(test, task.Id));
        Assert.NotNull(test.Workspace.Models.FindVersion(version.Id));
        Assert.Throws<TaskLostException>(() => test.Workspace.Tasks.Publish(lease, "flowers", test.Manifest()));
        Assert.Null(test.Workspace.Models.FindVersion(new ModelVersionId("flowers", 2)));
    }

    [Fact]
    public void Abandon_WhileWorkedOn_HeartbeatSaysStopAndNothingIsPublished()
    {
        using var test = new TestWorkspace();
        var task = test.Workspace.Tasks.Submit(TaskKind.Import, "{}", Awaited);
        var lease = test.Workspace.Tasks.TryLease("trainer", LeaseDuration)!;
        Assert.False(test.Workspace.Tasks.Heartbeat(lease));

        test.Workspace.Tasks.Abandon(task.Id);

        Assert.True(test.Workspace.Tasks.Heartbeat(lease));
        Assert.Throws<TaskLostException>(() => test.Workspace.Tasks.Publish(lease, "flowers", test.Manifest()));
        Assert.Null(test.Workspace.Models.Find("flowers"));
    }

    [Fact]
    public void TryLease_NobodyAwaitsAnyMore_DropsTheTask()
    {
        using var test = new TestWorkspace();
        var forgotten = test.Workspace.Tasks.Submit(TaskKind.Estimate, "{}", Awaited);
        var awaited = test.Workspace.Tasks.Submit(TaskKind.Estimate, "{}", Awaited);
        test.Time.Advance(Awaited - TimeSpan.FromSeconds(1));
        Assert.True(test.Workspace.Tasks.Await(awaited.Id, Awaited));
        test.Time.Advance(TimeSpan.FromSeconds(1));

        var lease = test.Workspace.Tasks.TryLease("trainer", LeaseDuration);

        Assert.Equal(awaited.Id, lease!.Task.Id);
        Assert.Null(test.Workspace.Tasks.Find(forgotten.Id));
        Assert.False(test.Workspace.Tasks.Await(forgotten.Id, Awaited));
        test.Time.Advance(Awaited);
        Assert.True(test.Workspace.Tasks.Heartbeat(lease));
    }

    [Fact]
    public void TryLease_TrainerSilentTwice_FailsTheTaskAndFencesTheFirst()
    {
        using var test = new TestWorkspace();
        var task = test.Workspace.Tasks.Submit(TaskKind.Estimate, "{}", TimeSpan.FromHours(1));
        var first = test.Workspace.Tasks.TryLease("trainer-1", LeaseDuration)!;
        test.Time.Advance(LeaseDuration);
        var second = test.Workspace.Tasks.TryLease("trainer-2", LeaseDuration)!;

        Assert.True(test.Workspace.Tasks.Heartbeat(first));
        Assert.Throws<TaskLostException>(() => test.Workspace.Tasks.Succeed(first, "{}"));
        Assert.False(test.Workspace.Tasks.Heartbeat(second));
        test.Time.Advance(LeaseDuration);
        Assert.Null(test.Workspace.Tasks.TryLease("trainer-3", LeaseDuration));

        Assert.Equal("WORKER_LOST", test.Workspace.Tasks.Find(task.Id)!.Error!.Reason);
    }

    [Fact]
    public void TryLease_ClockSetBack_LostTaskComesBackAfterOneLease()
    {
        using var test = new TestWorkspace();
        test.Workspace.Tasks.Submit(TaskKind.Estimate, "{}", TimeSpan.FromHours(1));
        test.Workspace.Tasks.TryLease("dead", LeaseDuration);
        test.Time.Advance(TimeSpan.FromHours(-3));

        Assert.Null(test.Workspace.Tasks.TryLease("trainer", LeaseDuration));
        test.Time.Advance(LeaseDuration);
        Assert.NotNull(test.Workspace.Tasks.TryLease("trainer", LeaseDuration));
    }

    [Fact]
    public void Release_TrainerStops_NextOneTakesTheTaskAndItIsNotHeldAgainstIt()
    {
        using var test = new TestWorkspace();
        var task = test.Workspace.Tasks.Submit(TaskKind.Estimate, "{}", Awaited);
        for (var time = 0; time < 5; time++)
            test.Workspace.Tasks.Release(test.Workspace.Tasks.TryLease("trainer", LeaseDuration)!);
        Assert.Equal((JobState.Queued, null), Outcome(test, task.Id));
        test.Workspace.Tasks.TryLease("dead", LeaseDuration);

        Assert.Equal(1, test.Workspace.Tasks.RequeueWorker("dead"));
        Assert.Equal((JobState.Queued, null), Outcome(test, task.Id));
    }

    [Fact]
    public void TryLease_OldResults_AreForgotten()
    {
        using var test = new TestWorkspace();
        var old = test.Workspace.Tasks.Submit(TaskKind.Estimate, "{}", Awaited);
        test.Workspace.Tasks.Succeed(test.Workspace.Tasks.TryLease("trainer", LeaseDuration)!, "{}");
        test.Time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(1));
        test.Workspace.Tasks.Submit(TaskKind.Estimate, "{}", Awaited);

        test.Workspace.Tasks.TryLease("trainer", LeaseDuration);

        Assert.Null(test.Workspace.Tasks.Find(old.Id));
    }

    private static (JobState, string?) Outcome(TestWorkspace test, string id)
    {
        var task = test.Workspace.Tasks.Find(id)!;
        return (task.State, task.Result);
    }
}
