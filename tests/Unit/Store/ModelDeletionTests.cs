using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

public sealed class ModelDeletionTests
{
    [Fact]
    public void DeleteVersion_IsSeenByNoReadAndItsNumberIsNeverUsedAgain()
    {
        using var test = new TestWorkspace();
        var models = Import(test, 3);

        models.DeleteVersion(new ModelVersionId("flowers", 3));
        models.DeleteVersion(new ModelVersionId("flowers", 1));

        Assert.Null(models.FindVersion(new ModelVersionId("flowers", 3)));
        Assert.Null(models.FindCompositions(new ModelVersionId("flowers", 3)));
        Assert.Equal(2, models.Find("flowers")?.LatestVersion?.Id.Number);
        Assert.Equal([2], models.ListVersions("flowers", 0, null).Items.Select(version => version.Id.Number));
        Assert.Equal(2, models.CountDeleted());
        Assert.Throws<StoreNotFoundException>(() => models.SetAlias("flowers", "live", 3, OptionalExpected.Any));
        Assert.Throws<StoreNotFoundException>(() => models.DeleteVersion(new ModelVersionId("flowers", 3)));
        Assert.Throws<StoreNotFoundException>(() => test.Jobs.Submit(Based(3), null));
        Assert.Equal(4, models.Import("flowers", test.Manifest()).Id.Number);
    }

    [Fact]
    public void DeleteVersion_WhoseManifestCannotBeRead_Goes()
    {
        using var test = new TestWorkspace();
        var models = Import(test, 2);
        using (var connection = TestWorkspace.OpenDatabase(test.Workspace.Path))
            connection.Execute("UPDATE model_versions SET manifest = 'no JSON' WHERE number = 1");
        Assert.Throws<InvalidDataException>(() => models.FindVersion(new ModelVersionId("flowers", 1)));

        models.DeleteVersion(new ModelVersionId("flowers", 1));

        Assert.Equal([2], models.ListVersions("flowers", 0, null).Items.Select(version => version.Id.Number));
        Assert.Throws<StoreNotFoundException>(() => models.DeleteVersion(new ModelVersionId("flowers", 1)));
    }

    [Fact]
    public void DeleteModel_MadeAgain_CountsOnAndShowsNothingOfTheOld()
    {
        using var test = new TestWorkspace();
        var models = Import(test, 2);
        models.DeleteModel("flowers");

        Assert.Null(models.Find("flowers"));
        Assert.Empty(models.List(0, null).Items);
        Assert.Throws<StoreNotFoundException>(() => models.ListVersions("flowers", 0, null));
        Assert.Throws<StoreNotFoundException>(() => models.DeleteModel("flowers"));
        test.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(3, models.Import("flowers", test.Manifest()).Id.Number);

        Assert.Equal(test.Time.GetUtcNow(), models.Find("flowers")?.CreateTime);
        Assert.Equal([3], models.ListVersions("flowers", 0, null).Items.Select(version => version.Id.Number));
        Assert.Null(models.FindVersion(new ModelVersionId("flowers", 1)));
    }

    [Fact]
    public void Delete_WithAnAlias_IsRefusedUntilTheAliasIsGone()
    {
        using var test = new TestWorkspace();
        var models = Import(test, 2);
        models.SetAlias("flowers", "live", 1, OptionalExpected.Any);
        models.SetAlias("flowers", "best", 1, OptionalExpected.Any);

        var ofVersion = Assert.Throws<ModelStateException>(() => models.DeleteVersion(new ModelVersionId("flowers", 1)));
        var ofModel = Assert.Throws<ModelStateException>(() => models.DeleteModel("flowers"));

        Assert.Equal(("VERSION_HAS_ALIAS", "MODEL_HAS_ALIAS"), (ofVersion.Reason, ofModel.Reason));
        Assert.Contains("2 aliases (best, live)", ofVersion.Message, StringComparison.Ordinal);
        models.DeleteAlias("flowers", "best", OptionalExpected.Any);
        models.SetAlias("flowers", "live", 2, OptionalExpected.Any);
        models.DeleteVersion(new ModelVersionId("flowers", 1));
        models.DeleteAlias("flowers", "live", OptionalExpected.Any);
        models.DeleteModel("flowers");
    }

    [Fact]
    public void Delete_NeededByAJobThatIsNotDone_IsRefusedUntilItIs()
    {
        using var test = new TestWorkspace();
        var models = Import(test, 2);
        var job = test.Jobs.Submit(Based(1), null);

        var ofVersion = Assert.Throws<ModelStateException>(() => models.DeleteVersion(new ModelVersionId("flowers", 1)));
        var ofBase = Assert.Throws<ModelStateException>(() => models.DeleteModel("flowers"));
        models.DeleteVersion(new ModelVersionId("flowers", 2));
        test.Lease();
        Assert.Throws<ModelStateException>(() => models.DeleteVersion(new ModelVersionId("flowers", 1)));

        Assert.Equal(("VERSION_IN_USE", "VERSION_IN_USE"), (ofVersion.Reason, ofBase.Reason));
        Assert.Contains(job.Id, ofVersion.Message, StringComparison.Ordinal);
        test.Jobs.RequestCancel(job.Id);
        test.Jobs.RequeueWorker("worker-1");
        models.DeleteVersion(new ModelVersionId("flowers", 1));
    }

    [Fact]
    public void DeleteModel_ThatAJobWritesTo_IsRefused()
    {
        using var test = new TestWorkspace();
        var models = Import(test, 1);
        var job = test.Submit();

        Assert.Equal("VERSION_IN_USE", Assert.Throws<ModelStateException>(() => models.DeleteModel("flowers")).Reason);
        test.Jobs.RequestCancel(job.Id);
        models.DeleteModel("flowers");
    }

    [Fact]
    public void RollBack_GoesToTheVersionBeforeAndBackAgain()
    {
        using var test = new TestWorkspace();
        var models = Import(test, 3);
        models.SetAlias("flowers", "live", 1, OptionalExpected.Any);
        Assert.Equal("NO_PREVIOUS_VERSION", Assert.Throws<ModelStateException>(() => RollBack(models)).Reason);
        models.SetAlias("flowers", "live", 3, OptionalExpected.Any);
        // No move: what was before stays what was before.
        models.SetAlias("flowers", "live", 3, OptionalExpected.Any);

        RollBack(models);
        Assert.Equal(new AliasRecord(1, 3), models.FindAlias("flowers", "live"));
        RollBack(models);
        Assert.Equal(new AliasRecord(3, 1), models.FindAlias("flowers", "live"));

        var seen = models.FindAlias("flowers", "live") ?? throw new InvalidOperationException("The alias is gone.");
        models.SetAlias("flowers", "live", 2, OptionalExpected.Any);
        Assert.Throws<AliasConflictException>(() => models.RollBack("flowers", "live", seen));
        models.DeleteVersion(new ModelVersionId("flowers", 3));
        Assert.Contains("version 3 before, which is deleted", Assert.Throws<ModelStateException>(() => RollBack(models)).Message, StringComparison.Ordinal);
        Assert.Equal(2, models.Resolve("flowers", "live")?.Id.Number);
    }

    [Fact]
    public void DeleteAlias_Expectations_AreHeld()
    {
        using var test = new TestWorkspace();
        var models = Import(test, 2);
        models.SetAlias("flowers", "live", 1, OptionalExpected.Any);

        Assert.Throws<AliasConflictException>(() => models.DeleteAlias("flowers", "live", OptionalExpected.Version(2)));
        Assert.Throws<StoreNotFoundException>(() => models.DeleteAlias("flowers", "best", OptionalExpected.Any));
        Assert.Throws<StoreNotFoundException>(() => models.DeleteAlias("trees", "live", OptionalExpected.Any));
        models.DeleteAlias("flowers", "live", OptionalExpected.Version(1));

        Assert.Null(models.Resolve("flowers", "live"));
        models.SetAlias("flowers", "live", 2, OptionalExpected.Absent);
    }

    [Fact]
    public async Task PromotionAndDeletion_FromTwoStoresAtOnce_NeverLeaveAnAliasOnADeletedVersion()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var (promoted, deleted) = (0, 0);
        for (var round = 0; round < 20; round++)
        {
            var version = test.Workspace.Models.Import("flowers", test.Manifest($"{round}")).Id;
            using var start = new Barrier(2);
            var promotion = Task.Run(() => Try(start, () => test.Workspace.Models.SetAlias("flowers", "live", version.Number, OptionalExpected.Any)),
                TestContext.Current.CancellationToken);
            var deletion = Task.Run(() => Try(start, () => other.Models.DeleteVersion(version)), TestContext.Current.CancellationToken);
            var (isPromoted, isDeleted) = (await promotion, await deletion);

            Assert.NotEqual(isPromoted, isDeleted);
            Assert.Equal(isPromoted, other.Models.FindVersion(version) is not null);
            Assert.Equal(isPromoted, test.Workspace.Models.Resolve("flowers", "live")?.Id == version);
            (promoted, deleted) = (promoted + (isPromoted ? 1 : 0), deleted + (isDeleted ? 1 : 0));
        }
        Assert.Equal(20, promoted + deleted);
    }

    [Fact]
    public void Delete_OneOfTwoHeadsOnABackbone_LeavesTheOthersFiles()
    {
        using var test = new TestWorkspace();
        var models = test.Workspace.Models;
        var first = models.Import("a", test.Manifest() with { Method = "head", Head = test.PutText("head a") });
        var second = models.Import("b", test.Manifest() with { Method = "head", Head = test.PutText("head b") });

        models.DeleteVersion(first.Id);

        var manifest = models.FindVersion(second.Id)?.Manifest;
        Assert.Equal(first.Manifest.InferenceGraph, manifest?.InferenceGraph);
        Assert.All([manifest?.InferenceGraph, manifest?.Weights, manifest?.Head], blob => Assert.True(test.Workspace.Blobs.Contains(blob ?? "")));
    }

    [Fact]
    public void Compositions_AreNotedPerFileAndGoWithTheVersion()
    {
        using var test = new TestWorkspace();
        var models = Import(test, 1);
        var (id, graph, weights) = (new ModelVersionId("flowers", 1), test.PutText("graph"), test.PutText("weights"));

        Assert.Equal(new ComposedFiles(), models.FindCompositions(id));
        models.AddCompositions(id, new ComposedFiles { InferenceGraph = graph });
        models.AddCompositions(id, new ComposedFiles { Weights = weights });
        Assert.Equal(new ComposedFiles { InferenceGraph = graph, Weights = weights }, models.FindCompositions(id));
        Assert.Throws<BlobNotFoundException>(() => models.AddCompositions(id, new ComposedFiles { Weights = new string('0', 64) }));
        models.DeleteVersion(id);
        models.AddCompositions(id, new ComposedFiles { InferenceGraph = weights });
        Assert.Null(models.FindCompositions(id));
    }

    private static void RollBack(ModelStore models) => models.RollBack("flowers", "live",
        models.FindAlias("flowers", "live") ?? throw new InvalidOperationException("The alias is gone."));

    private static FineTuneSpec Based(int version) => TestWorkspace.Spec("roses") with { Base = new ModelVersionId("flowers", version) };

    private static ModelStore Import(TestWorkspace test, int count)
    {
        for (var version = 1; version <= count; version++)
            test.Workspace.Models.Import("flowers", test.Manifest($"{version}"));
        return test.Workspace.Models;
    }

    private static bool Try(Barrier start, Action change)
    {
        start.SignalAndWait();
        try
        {
            change();
            return true;
        }
        catch (Exception refusal) when (refusal is ModelStateException or StoreNotFoundException)
        {
            return false;
        }
    }
}
