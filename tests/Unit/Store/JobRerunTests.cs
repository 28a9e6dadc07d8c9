using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

/// <summary>Jobs that are run again by their plan.</summary>
public sealed class JobRerunTests
{
    private const string Plan = """{"steps":1}""";

    [Fact]
    public void Rerun_OfAJobThatSucceeded_IsQueuedWithItsPlanAndPromotesNothing()
    {
        using var test = new TestWorkspace();
        var original = Succeeded(test, TestWorkspace.Spec() with { Promotion = PromotionRule.Always, PromotionAlias = "canary" });

        var rerun = test.Jobs.Rerun(original.Id);

        Assert.NotEqual(original.Id, rerun.Id);
        Assert.Equal((JobState.Queued, Plan, 0), (rerun.State, rerun.PlanJson, rerun.Attempt));
        Assert.Equal(TestWorkspace.Spec(), rerun.Spec);
        var events = test.Jobs.ReadEvents(rerun.Id, 0, 10);
        Assert.Equal([JobEventKind.State, JobEventKind.Message, JobEventKind.Plan], events.Select(item => item.Kind));
        Assert.Contains(original.Id, events[1].Payload, StringComparison.Ordinal);
        var lease = test.Lease();
        test.Jobs.SetPlan(lease, Plan);
        Assert.Equal(2, test.Jobs.Publish(lease, test.Manifest()).Id.Number);
        Assert.False(test.Job(rerun.Id).IsPromotionDue);
    }

    [Fact]
    public void Rerun_OfAJobThatDidNotSucceed_IsRefused()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        Assert.Equal("JOB_NOT_SUCCEEDED", Assert.Throws<JobStateException>(() => test.Jobs.Rerun(job.Id)).Reason);
        test.Jobs.Fail(test.Lease(), new JobError("BROKEN", "broken"));

        var refusal = Assert.Throws<JobStateException>(() => test.Jobs.Rerun(job.Id));

        Assert.Contains("is Failed", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<StoreNotFoundException>(() => test.Jobs.Rerun(new string('a', 32)));
        Assert.Single(test.Jobs.List(0, null).Items);
    }

    [Fact]
    public void Rerun_WhoseVersionIsDeleted_IsRefused()
    {
        using var test = new TestWorkspace();
        var job = Succeeded(test, TestWorkspace.Spec());
        test.Workspace.Models.Import("flowers", test.Manifest("another"));
        test.Workspace.Models.DeleteVersion(job.Result ?? throw new InvalidOperationException("No version."));

        Assert.Throws<StoreNotFoundException>(() => test.Jobs.Rerun(job.Id));
        Assert.Single(test.Jobs.List(0, null).Items);
    }

    private static JobRecord Succeeded(TestWorkspace test, FineTuneSpec spec)
    {
        var job = test.Jobs.Submit(spec, "once");
        var lease = test.Lease();
        test.Jobs.SetPlan(lease, Plan);
        test.Jobs.Publish(lease, test.Manifest());
        return test.Job(job.Id);
    }
}
