using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

/// <summary>Promotions: decided once, in one transaction with the alias.</summary>
public sealed class JobPromotionTests
{
    [Fact]
    public void Promote_AliasAsExpected_MovesItNotesTheOutcomeAndIsNotDueAgain()
    {
        using var test = new TestWorkspace();
        test.Workspace.Models.Import("flowers", test.Manifest("first"));
        test.Workspace.Models.SetAlias("flowers", "live", 1, OptionalExpected.Absent);
        var job = Succeeded(test);
        Assert.Equal(job.Id, Assert.Single(test.Jobs.ListToPromote()).Id);

        var outcome = test.Jobs.Promote(job.Id, OptionalExpected.Version(1), Describe);
        var again = test.Jobs.Promote(job.Id, OptionalExpected.Any, (_, _) => throw new InvalidOperationException("Decided already."));

        Assert.Equal(outcome, again);
        Assert.Equal((true, new ModelVersionId("flowers", 1)), (outcome.IsPromoted, outcome.Previous));
        Assert.Equal(job.Result, test.Workspace.Models.Resolve("flowers", "live")?.Id);
        Assert.Equal((outcome, false), (test.Job(job.Id).Promotion, test.Job(job.Id).IsPromotionDue));
        Assert.Empty(test.Jobs.ListToPromote());
        Assert.Equal("moved True", test.Jobs.ReadEvents(job.Id, 0, 100)[^1].Payload);
    }

    [Fact]
    public void Promote_AliasMovedMeanwhile_LeavesItAndSaysWhatItNames()
    {
        using var test = new TestWorkspace();
        test.Workspace.Models.Import("flowers", test.Manifest("first"));
        test.Workspace.Models.Import("flowers", test.Manifest("second"));
        var job = Succeeded(test);
        test.Workspace.Models.SetAlias("flowers", "live", 2, OptionalExpected.Any);

        var outcome = test.Jobs.Promote(job.Id, OptionalExpected.Version(1), Describe);

        Assert.Equal((false, new ModelVersionId("flowers", 2)), (outcome.IsPromoted, outcome.Previous));
        Assert.Equal(2, test.Workspace.Models.Resolve("flowers", "live")?.Id.Number);
        Assert.Empty(test.Jobs.ListToPromote());
    }

    [Fact]
    public async Task Promote_ByTwoServersAtOnce_IsDecidedByOne()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var job = Succeeded(test);
        using var start = new Barrier(2);
        var described = 0;

        var outcomes = await Task.WhenAll(((Workspace[])[test.Workspace, other]).Select(workspace => Task.Run(() =>
        {
            start.SignalAndWait();
            return workspace.Jobs.Promote(job.Id, OptionalExpected.Absent, (moved, previous) =>
            {
                Interlocked.Increment(ref described);
                return Describe(moved, previous);
            });
        }, TestContext.Current.CancellationToken)));

        Assert.Equal(1, described);
        Assert.Equal(outcomes[0], outcomes[1]);
        Assert.True(outcomes[0].IsPromoted);
    }

    [Fact]
    public void Publish_WithoutARule_MakesNoPromotionDue()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        test.Jobs.Publish(test.Lease(), test.Manifest());

        Assert.Empty(test.Jobs.ListToPromote());
        Assert.Throws<InvalidOperationException>(() => test.Jobs.Promote(job.Id, OptionalExpected.Any, Describe));
    }

    [Fact]
    public void Delete_BeforeThePromotionIsDecided_IsRefused()
    {
        using var test = new TestWorkspace();
        var job = Succeeded(test);

        Assert.Equal("JOB_NOT_DONE", Assert.Throws<JobStateException>(() => test.Workspace.DeleteJob(job.Id)).Reason);
        test.Jobs.Promote(job.Id, null, Describe);
        test.Workspace.DeleteJob(job.Id);
    }

    private static JobRecord Succeeded(TestWorkspace test)
    {
        var job = test.Jobs.Submit(TestWorkspace.Spec() with { Promotion = PromotionRule.Always }, null);
        test.Jobs.Publish(test.Lease(), test.Manifest("new"));
        return test.Job(job.Id);
    }

    private static JobPromotion Describe(bool moved, ModelVersionId? previous) =>
        new() { IsPromoted = moved, Reason = $"moved {moved}", Previous = previous };
}
