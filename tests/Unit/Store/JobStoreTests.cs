using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

/// <summary>What submitters and readers of jobs see.</summary>
public sealed class JobStoreTests
{
    [Fact]
    public void Submit_Spec_IsQueuedAndReadBackByAnotherProcess()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var spec = TestWorkspace.Spec() with
        {
            Base = test.Workspace.Models.Import("flowers", test.Manifest()).Id,
            Network = "R50x1",
            Overrides = new FineTuneOverrides
            {
                Steps = 10, LearningRate = 0.003, TimeBudget = TimeSpan.FromMinutes(2.5), Seed = long.MaxValue,
            },
        };

        var job = test.Jobs.Submit(spec, null);

        var found = other.Jobs.Find(job.Id);
        Assert.NotNull(found);
        Assert.Equal(job, found);
        Assert.Equal(spec, found.Spec);
        Assert.Equal((JobState.Queued, 0, false), (found.State, found.Attempt, found.IsDone));
        Assert.Equal(test.Time.GetUtcNow(), found.CreateTime);
        Assert.True(ResourceIds.IsJobId(job.Id));
        Assert.Equal([JobState.Queued], test.States(job.Id));
        Assert.Null(other.Jobs.Find(new string('0', 32)));
    }

    [Fact]
    public void Submit_Ids_SortByTime()
    {
        using var test = new TestWorkspace();
        var ids = new List<string>();
        for (var index = 0; index < 5; index++, test.Time.Advance(TimeSpan.FromMilliseconds(1)))
            ids.Add(test.Submit().Id);

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    [Fact]
    public void Submit_RequestIdAgain_SameContentSameJobOtherContentConflict()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var job = test.Jobs.Submit(TestWorkspace.Spec(), "request");
        var lease = test.Lease();

        var again = other.Jobs.Submit(TestWorkspace.Spec(), "request");
        var failure = Assert.Throws<RequestIdConflictException>(
            () => other.Jobs.Submit(TestWorkspace.Spec() with { Recipe = "lite" }, "request"));

        Assert.Equal((job.Id, JobState.Running), (again.Id, again.State));
        Assert.Equal(lease.JobId, job.Id);
        Assert.Equal("request", failure.RequestId);
        Assert.Contains(job.Id, failure.Message);
        Assert.Single(test.Jobs.List(0, null).Items);
        Assert.Throws<ArgumentException>(() => test.Jobs.Submit(TestWorkspace.Spec(), new string('r', 101)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Submit_WithoutRequestId_AlwaysMakesAJob(string? requestId)
    {
        using var test = new TestWorkspace();

        Assert.NotEqual(test.Jobs.Submit(TestWorkspace.Spec(), requestId).Id, test.Jobs.Submit(TestWorkspace.Spec(), requestId).Id);
    }

    [Fact]
    public async Task Submit_SameRequestIdFromManyThreads_MakesOneJob()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();

        var jobs = await Task.WhenAll(Enumerable.Range(0, 8).Select(index => Task.Run(
            () => (index % 2 == 0 ? test.Workspace : other).Jobs.Submit(TestWorkspace.Spec(), "request"),
            TestContext.Current.CancellationToken)));

        Assert.Single(jobs.Select(job => job.Id).Distinct());
        Assert.Single(test.Jobs.List(0, null).Items);
    }

    [Fact]
    public void RequestCancel_Queued_IsCancelledAndNeverLeased()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();

        var cancelled = test.Jobs.RequestCancel(job.Id);

        Assert.Equal((JobState.Cancelled, true), (cancelled.State, cancelled.IsDone));
        Assert.Equal(test.Time.GetUtcNow(), cancelled.EndTime);
        Assert.Null(test.Jobs.TryLease("worker-1", TestWorkspace.LeaseDuration));
        Assert.Equal([JobState.Queued, JobState.Cancelled], test.States(job.Id));
    }

    [Fact]
    public void RequestCancel_Running_TellsTheWorkerOnceAndLetsItEnd()
    {
        using var test = new TestWorkspace();
        using var server = test.OpenAgain();
        var job = test.Submit();
        var lease = test.Lease();
        Assert.Equal(StopRequest.None, test.Jobs.Heartbeat(lease, null));

        var asked = server.Jobs.RequestCancel(job.Id);
        server.Jobs.RequestCancel(job.Id);

        Assert.Equal((JobState.Running, true), (asked.State, asked.CancelRequested));
        Assert.Equal(StopRequest.Cancel, test.Jobs.Heartbeat(lease, test.Progress(5)));
        test.Jobs.Cancel(lease);
        Assert.Equal(JobState.Cancelled, server.Jobs.RequestCancel(job.Id).State);
        Assert.Equal([JobState.Queued, JobState.Running, JobState.Cancelled], test.States(job.Id));
        Assert.Single(test.Jobs.ReadEvents(job.Id, 0, 100), item => item.Kind == JobEventKind.Message);
    }

    [Fact]
    public void RequestCancel_Done_ChangesNothing()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        test.Jobs.Publish(test.Lease(), test.Manifest());
        var done = test.Job(job.Id);

        Assert.Equal(done, test.Jobs.RequestCancel(job.Id));
        Assert.Equal(JobState.Succeeded, done.State);
    }

    [Fact]
    public void RequestCancel_AbsentJob_Throws()
    {
        using var test = new TestWorkspace();
        var absent = new string('0', 32);

        Assert.Throws<StoreNotFoundException>(() => test.Jobs.RequestCancel(absent));
        Assert.Throws<StoreNotFoundException>(() => test.Jobs.ReadEvents(absent, 0, 10));
    }

    [Fact]
    public void ReadEvents_FromCursors_ReplaysEachEventOnceInOrder()
    {
        using var test = new TestWorkspace();
        using var server = test.OpenAgain();
        var job = test.Submit();
        var lease = test.Lease();
        var other = test.Submit();
        test.Jobs.SetPlan(lease, """{"steps":100}""");
        test.Jobs.Heartbeat(lease, test.Progress(1, loss: double.NaN));
        test.Jobs.RequestCancel(other.Id);
        test.Jobs.AppendMessage(lease, "micro-batch 8");
        test.Jobs.Heartbeat(lease, test.Progress(2, loss: 0.5));
        test.Jobs.Fail(lease, new JobError("OUT_OF_MEMORY", "too little"));

        var all = server.Jobs.ReadEvents(job.Id, 0, 100);
        var replayed = new List<JobEvent>();
        while (server.Jobs.ReadEvents(job.Id, replayed.Count == 0 ? 0 : replayed[^1].Cursor, 2) is { Count: > 0 } next)
            replayed.AddRange(next);

        Assert.Equal(all, replayed);
        Assert.Equal(all.Select(item => item.Cursor).Order().Distinct(), all.Select(item => item.Cursor));
        JobEventKind[] kinds = [JobEventKind.State, JobEventKind.State, JobEventKind.Plan, JobEventKind.Progress, JobEventKind.Message,
            JobEventKind.Progress, JobEventKind.State];
        Assert.Equal(kinds, all.Select(item => item.Kind));
        Assert.Equal(double.NaN, all[3].ReadProgress().Loss);
        Assert.Equal("micro-batch 8", all[4].Payload);
        Assert.Equal(test.Progress(2, loss: 0.5), all[5].ReadProgress());
        Assert.Equal(JobState.Failed, all[6].ReadState());
        Assert.Throws<InvalidOperationException>(() => all[6].ReadProgress());
        Assert.Empty(server.Jobs.ReadEvents(job.Id, all[^1].Cursor, 10));
    }

    [Fact]
    public void ReadEvents_MoreProgressThanTheLimit_DropsTheOldestProgressOnly()
    {
        using var test = new TestWorkspace(new WorkspaceOptions { MaxProgressEvents = 3 });
        var job = test.Submit();
        var lease = test.Lease();
        for (var step = 1; step <= 10; step++)
            test.Jobs.Heartbeat(lease, test.Progress(step));

        var events = test.Jobs.ReadEvents(job.Id, 0, 100);

        Assert.Equal([8, 9, 10], events.Where(item => item.Kind == JobEventKind.Progress).Select(item => item.ReadProgress().Step));
        Assert.Equal([JobState.Queued, JobState.Running], test.States(job.Id));
        Assert.Equal(10, test.Job(job.Id).Progress?.Step);
    }

    [Fact]
    public void List_Pages_NewestFirstAlsoWhenTheClockJumpsBack()
    {
        using var test = new TestWorkspace();
        var ids = new List<string>();
        for (var index = 0; index < 5; index++, test.Time.Advance(TimeSpan.FromHours(-1)))
            ids.Insert(0, test.Submit().Id);

        var first = test.Jobs.List(2, null);
        var newer = test.Submit();
        var second = test.Jobs.List(2, first.NextPageToken);
        var third = test.Jobs.List(2, second.NextPageToken);

        Assert.Equal(ids, first.Items.Concat(second.Items).Concat(third.Items).Select(job => job.Id));
        Assert.Null(third.NextPageToken);
        Assert.Equal(newer.Id, test.Jobs.List(1, null).Items[0].Id);
    }

    [Fact]
    public void List_WithAFilter_GivesThoseThatMeetItAndBindsItsTokens()
    {
        using var test = new TestWorkspace();
        var flowers = Enumerable.Range(0, 5).Select(_ => test.Submit("flowers").Id).ToArray();
        test.Submit("trees");
        test.Jobs.RequestCancel(flowers[1]);
        var waiting = new JobFilter([new JobCondition(JobField.Model, false, "flowers"), new JobCondition(JobField.Done, false, "false")]);

        var first = test.Jobs.List(3, null, waiting);
        var second = test.Jobs.List(3, first.NextPageToken, waiting);

        Assert.Equal([flowers[4], flowers[3], flowers[2], flowers[0]], first.Items.Concat(second.Items).Select(job => job.Id));
        Assert.Null(second.NextPageToken);
        Assert.Throws<InvalidPageTokenException>(() => test.Jobs.List(3, first.NextPageToken));
        Assert.Throws<InvalidPageTokenException>(() =>
            test.Jobs.List(3, first.NextPageToken, new JobFilter([new JobCondition(JobField.State, true, nameof(JobState.Failed))])));
        Assert.Equal([flowers[1]], Ids(new JobCondition(JobField.State, false, nameof(JobState.Cancelled))));
        Assert.Equal(5, Ids(new JobCondition(JobField.State, true, nameof(JobState.Cancelled))).Count);
        Assert.Empty(Ids(new JobCondition(JobField.Dataset, true, new string('d', 64))));

        List<string> Ids(JobCondition condition) => test.Jobs.List(0, null, new JobFilter([condition])).Items.Select(job => job.Id).ToList();
    }

    [Fact]
    public void Submit_SameIdAndContent_IsOneJobWhateverItsSpecificationResolvedTo()
    {
        using var test = new TestWorkspace();
        test.Workspace.Models.Import("base", test.Manifest());
        test.Workspace.Models.Import("base", test.Manifest());
        var spec = TestWorkspace.Spec() with { Base = new ModelVersionId("base", 1) };
        var first = test.Jobs.Submit(spec, "once", "flowers from base@live");

        Assert.Equal(first.Id, test.Jobs.Submit(spec with { Base = new ModelVersionId("base", 2) }, "once", "flowers from base@live").Id);
        Assert.Equal(first.Id, test.Jobs.FindRequest("once", "flowers from base@live")?.Id);
        Assert.Throws<RequestIdConflictException>(() => test.Jobs.Submit(spec, "once", "flowers from base@best"));
        Assert.Throws<RequestIdConflictException>(() => test.Jobs.FindRequest("once", "something else"));
        Assert.Null(test.Jobs.FindRequest("twice", "flowers from base@live"));
    }

    [Fact]
    public void Submit_DatasetDeletedMeanwhile_IsRefusedButARepeatedRequestFindsItsJob()
    {
        using var test = new TestWorkspace();
        var submitted = test.Jobs.Submit(TestWorkspace.Spec(), "once");
        test.Jobs.RequestCancel(submitted.Id);
        test.Workspace.Datasets.Delete(TestWorkspace.DatasetId);

        Assert.Throws<StoreNotFoundException>(() => test.Jobs.Submit(TestWorkspace.Spec(), "twice"));
        Assert.Equal(submitted.Id, test.Jobs.Submit(TestWorkspace.Spec(), "once").Id);
        Assert.Single(test.Jobs.List(0, null).Items);
    }
}
