using BiT.Core.Store;
using BiT.Serving.Jobs;
using BiT.Serving.Startup;
using BiT.Tests.Unit.Store;
using BiT.Training.Worker.Tasks;
using Microsoft.Extensions.Logging.Abstractions;

namespace BiT.Tests.Unit.Serving.Jobs;

/// <summary>Callers who wait in the server, and the lane of a trainer that works for them.</summary>
public sealed class TrainerTasksTests : IDisposable
{
    private readonly TestWorkspace _test = new();
    private readonly CancellationTokenSource _stopTrainer = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _stopTrainer.Dispose();
        _test.Dispose();
    }

    [Fact]
    public async Task RunAsync_TrainerWorks_ResultComesBackAndNothingIsLeftBehind()
    {
        using var tasks = Tasks(new LimitOptions());
        var trainer = RunTrainer(new Handler((request, _) => new TaskOutcome.Result($"{{\"echo\":{request}}}")));

        var result = await tasks.RunAsync(TaskKind.Estimate, TestWorkspace.Spec(), Cancel);

        Assert.Equal($"{{\"echo\":{StoreJson.Write(TestWorkspace.Spec())}}}", result);
        await StopAsync(trainer);
        Assert.Null(_test.Workspace.Tasks.TryLease("other", TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task RunAsync_TrainerFails_ItsReasonReachesTheCaller()
    {
        using var tasks = Tasks(new LimitOptions());
        var trainer = RunTrainer(new Handler((_, _) => throw new StoreNotFoundException("There is no such base.")));

        var failure = await Assert.ThrowsAsync<TaskFailedException>(() => tasks.RunAsync(TaskKind.Estimate, TestWorkspace.Spec(), Cancel));

        Assert.Equal(new JobError("NOT_FOUND", "There is no such base."), failure.Error);
        await StopAsync(trainer);
    }

    [Fact]
    public async Task RunAsync_KindThatTheTrainerDoesNotKnow_SaysSo()
    {
        using var tasks = Tasks(new LimitOptions());
        var trainer = RunTrainer();

        var failure = await Assert.ThrowsAsync<TaskFailedException>(() => tasks.RunAsync(TaskKind.Estimate, TestWorkspace.Spec(), Cancel));

        Assert.Equal("UNSUPPORTED_TASK", failure.Error.Reason);
        await StopAsync(trainer);
    }

    [Fact]
    public async Task RunAsync_CallerLeaves_WorkStops()
    {
        using var tasks = Tasks(new LimitOptions());
        var begun = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        var trainer = RunTrainer(new Handler((_, context) =>
        {
            begun.SetResult();
            context.Stop.WaitHandle.WaitOne(TimeSpan.FromMinutes(1));
            stopped.SetResult();
            context.Stop.ThrowIfCancellationRequested();
            throw new InvalidOperationException("Nobody stopped the work.");
        }));
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var call = tasks.RunAsync(TaskKind.Estimate, TestWorkspace.Spec(), leave.Token);
        await begun.Task.WaitAsync(Cancel);

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(50), Cancel);
        await StopAsync(trainer);
    }

    [Fact]
    public async Task RunAsync_TrainerStopsInTheMiddle_AnotherOneFinishes()
    {
        using var tasks = Tasks(new LimitOptions());
        var begun = new TaskCompletionSource();
        var first = RunTrainer(new Handler((_, context) =>
        {
            begun.TrySetResult();
            context.Stop.WaitHandle.WaitOne(TimeSpan.FromMinutes(1));
            throw new OperationCanceledException(context.Stop);
        }));
        var call = tasks.RunAsync(TaskKind.Estimate, TestWorkspace.Spec(), Cancel);
        await begun.Task.WaitAsync(Cancel);
        await StopAsync(first);

        using var stopSecond = new CancellationTokenSource();
        var second = Lane(new Handler((_, _) => new TaskOutcome.Result("{}"))).RunAsync(stopSecond.Token);

        Assert.Equal("{}", await call);
        await stopSecond.CancelAsync();
        await second;
    }

    [Fact]
    public async Task RunAsync_MoreCallersThanPlaces_RefusesTheLastAndServesItLater()
    {
        using var tasks = Tasks(new LimitOptions { MaxWaitingTasks = 1 });
        var first = tasks.RunAsync(TaskKind.Estimate, TestWorkspace.Spec(), Cancel);

        var refusal = await Assert.ThrowsAsync<TooManyTasksException>(() => tasks.RunAsync(TaskKind.Estimate, TestWorkspace.Spec(), Cancel));

        Assert.Contains("Limits:MaxWaitingTasks = 1", refusal.Message);
        var trainer = RunTrainer(new Handler((_, _) => new TaskOutcome.Result("{}")));
        await first;
        await tasks.RunAsync(TaskKind.Estimate, TestWorkspace.Spec(), Cancel);
        await StopAsync(trainer);
    }

    [Fact]
    public async Task RunAsync_NoTrainer_SaysSoAndDropsTheTask()
    {
        using var tasks = Tasks(new LimitOptions { TaskPickupTimeout = TimeSpan.FromSeconds(1) });

        await Assert.ThrowsAsync<NoTrainerException>(() => tasks.RunAsync(TaskKind.Estimate, TestWorkspace.Spec(), Cancel));

        Assert.Null(_test.Workspace.Tasks.TryLease("late", TimeSpan.FromSeconds(1)));
    }

    private TrainerTasks Tasks(LimitOptions limits) =>
        new(_test.Workspace, limits, TimeProvider.System, NullLogger<TrainerTasks>.Instance);

    private Task RunTrainer(params TaskHandler[] handlers) => Task.Run(() => Lane(handlers).RunAsync(_stopTrainer.Token), Cancel);

    private TaskLane Lane(params TaskHandler[] handlers) => new(
        _test.OpenAgain(), new Training.Worker.TrainerOptions { WorkerId = "trainer", PollInterval = TimeSpan.FromMilliseconds(10) }, handlers, () => false,
        TimeProvider.System, TextWriter.Null);

    private async Task StopAsync(Task trainer)
    {
        await _stopTrainer.CancelAsync();
        await trainer;
    }

    private sealed class Handler(Func<string, TaskContext, TaskOutcome> run) : TaskHandler
    {
        public override TaskKind Kind => TaskKind.Estimate;

        public override TaskOutcome Run(string request, TaskContext context) => run(request, context);
    }
}
