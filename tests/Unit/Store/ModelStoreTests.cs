using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

public sealed class ModelStoreTests
{
    [Fact]
    public void Import_TwoVersions_AreNumberedAndReadBack()
    {
        using var test = new TestWorkspace();
        var models = test.Workspace.Models;
        var manifest = test.Manifest() with { InferenceGraphData = test.PutText("data"), ValidationAccuracy = 0.75, Lineage = new Dictionary<string, string> { ["seed"] = "7" } };

        var first = models.Import("flowers", manifest);
        var second = models.Import("flowers", test.Manifest("other"));

        Assert.Equal((1, 2), (first.Id.Number, second.Id.Number));
        var found = models.FindVersion(first.Id);
        Assert.NotNull(found);
        Assert.Equal(StoreJson.Write(manifest), StoreJson.Write(found.Manifest));
        Assert.Equal(new GraphBlobs(manifest.InferenceGraph, manifest.InferenceGraphData), found.Manifest.Graph);
        Assert.Equal(test.Time.GetUtcNow(), found.CreateTime);
        Assert.Equal(2, models.Find("flowers")?.LatestVersion?.Id.Number);
        Assert.Null(models.FindVersion(new ModelVersionId("flowers", 3)));
        Assert.Null(models.Find("trees"));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("bit-tiny-2", true)]
    [InlineData("a23456789-123456789-123456789-123456789-123456789-123456789-123", true)]
    [InlineData("a23456789-123456789-123456789-123456789-123456789-123456789-1234", false)]
    [InlineData("", false)]
    [InlineData("2a", false)]
    [InlineData("-a", false)]
    [InlineData("A", false)]
    [InlineData("a_b", false)]
    [InlineData("a/b", false)]
    [InlineData("a\n", false)]
    public void Name_Rule_HoldsForModelsAndAliases(string name, bool isValid)
    {
        using var test = new TestWorkspace();
        test.Workspace.Models.Import("flowers", test.Manifest());
        Action[] uses =
        [
            () => test.Workspace.Models.Import(name, test.Manifest()),
            () => test.Workspace.Models.SetAlias("flowers", name, 1, OptionalExpected.Any),
            () => test.Submit(name),
        ];

        Assert.Equal(isValid, ResourceIds.IsName(name));
        foreach (var use in uses)
            Assert.Equal(isValid, Record.Exception(use) is not ArgumentException);
    }

    [Fact]
    public void Import_MissingBlob_StoresNothing()
    {
        using var test = new TestWorkspace();
        var absent = new string('0', 64);
        ModelManifest[] manifests =
        [
            test.Manifest() with { InferenceGraph = absent },
            test.Manifest() with { InferenceGraphData = absent },
            test.Manifest() with { Weights = absent },
            test.Manifest() with { Method = "head", Head = absent },
        ];

        Assert.All(manifests, manifest => Assert.Equal(absent,
            Assert.Throws<BlobNotFoundException>(() => test.Workspace.Models.Import("flowers", manifest)).Hash));
        Assert.Null(test.Workspace.Models.Find("flowers"));
    }

    [Fact]
    public void Import_ImpossibleManifest_Refuses()
    {
        using var test = new TestWorkspace();
        var good = test.Manifest();
        ModelManifest[] manifests =
        [
            good with { Method = "lora" }, good with { Method = "head" }, good with { Head = good.Weights }, good with { Labels = [] },
            good with { InputSize = 0 }, good with { Method = "backbone" },
            good with { Method = "backbone", Labels = [], Head = good.Weights }, good with { Method = "head", Labels = [], Head = good.Weights },
        ];

        Assert.All(manifests, manifest => Assert.Throws<ArgumentException>(() => test.Workspace.Models.Import("flowers", manifest)));
    }

    [Fact]
    public void Import_Backbone_HasNeitherLabelsNorHead()
    {
        using var test = new TestWorkspace();

        var version = test.Workspace.Models.Import("base", test.Manifest() with { Method = "backbone", Labels = [] });

        var manifest = test.Workspace.Models.FindVersion(version.Id)?.Manifest;
        Assert.Equal(("backbone", 0, null), (manifest?.Method, manifest?.Labels.Count, manifest?.Head));
    }

    [Fact]
    public void SetAlias_Expectations_AreHeld()
    {
        using var test = new TestWorkspace();
        var models = test.Workspace.Models;
        models.Import("flowers", test.Manifest());
        models.Import("flowers", test.Manifest("other"));

        Assert.Throws<AliasConflictException>(() => models.SetAlias("flowers", "live", 1, OptionalExpected.Version(2)));
        Assert.Null(models.Resolve("flowers", "live"));
        models.SetAlias("flowers", "live", 1, OptionalExpected.Absent);
        Assert.Throws<AliasConflictException>(() => models.SetAlias("flowers", "live", 2, OptionalExpected.Absent));
        Assert.Throws<AliasConflictException>(() => models.SetAlias("flowers", "live", 2, OptionalExpected.Version(2)));
        Assert.Equal(1, models.Resolve("flowers", "live")?.Id.Number);
        models.SetAlias("flowers", "live", 2, OptionalExpected.Version(1));
        models.SetAlias("flowers", "best", 1, OptionalExpected.Any);

        Assert.Equal(2, models.Resolve("flowers", "live")?.Id.Number);
        Assert.Equal(new Dictionary<string, int> { ["best"] = 1, ["live"] = 2 }, models.Find("flowers")?.Aliases);
        Assert.Throws<StoreNotFoundException>(() => models.SetAlias("flowers", "live", 3, OptionalExpected.Any));
        Assert.Throws<StoreNotFoundException>(() => models.SetAlias("trees", "live", 1, OptionalExpected.Any));
    }

    [Fact]
    public async Task SetAlias_TwoThreadsFromTheSameVersion_ExactlyOneWins()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        for (var version = 1; version <= 3; version++)
            test.Workspace.Models.Import("flowers", test.Manifest($"{version}"));

        for (var round = 0; round < 10; round++)
        {
            test.Workspace.Models.SetAlias("flowers", "live", 1, OptionalExpected.Any);
            using var start = new Barrier(2);
            var wins = await Task.WhenAll(new[] { (test.Workspace, 2), (other, 3) }.Select(racer => Task.Run(() =>
            {
                start.SignalAndWait();
                try
                {
                    racer.Item1.Models.SetAlias("flowers", "live", racer.Item2, OptionalExpected.Version(1));
                    return racer.Item2;
                }
                catch (AliasConflictException)
                {
                    return 0;
                }
            }, TestContext.Current.CancellationToken)));

            Assert.Single(wins, 0);
            Assert.Equal(wins.Max(), other.Models.Resolve("flowers", "live")?.Id.Number);
        }
    }

    [Fact]
    public void List_Pages_ByNameAndNewestVersionFirst()
    {
        using var test = new TestWorkspace();
        var models = test.Workspace.Models;
        foreach (var id in (string[])["tulips", "a", "roses", "b2", "b-2"])
            models.Import(id, test.Manifest());
        for (var version = 2; version <= 4; version++)
            models.Import("a", test.Manifest());

        var first = models.List(3, null);
        var second = models.List(3, first.NextPageToken);
        var versions = models.ListVersions("a", 3, null);
        var oldest = models.ListVersions("a", 3, versions.NextPageToken);

        Assert.Equal(["a", "b-2", "b2", "roses", "tulips"], first.Items.Concat(second.Items).Select(item => item.Id));
        Assert.Null(second.NextPageToken);
        Assert.Equal([4, 3, 2, 1], versions.Items.Concat(oldest.Items).Select(item => item.Id.Number));
        Assert.Null(oldest.NextPageToken);
        Assert.Throws<StoreNotFoundException>(() => models.ListVersions("trees", 0, null));
    }

    [Fact]
    public void List_TokenOfAnotherListing_Refuses()
    {
        using var test = new TestWorkspace();
        var models = test.Workspace.Models;
        foreach (var id in (string[])["a", "b", "a", "b"])
            models.Import(id, test.Manifest());

        var token = models.ListVersions("a", 1, null).NextPageToken;

        Assert.NotNull(token);
        Assert.Throws<InvalidPageTokenException>(() => models.ListVersions("b", 1, token));
        Assert.Throws<InvalidPageTokenException>(() => models.List(1, token));
        Assert.Throws<InvalidPageTokenException>(() => test.Jobs.List(1, "not a token!"));
        Assert.Throws<InvalidPageTokenException>(() => test.Jobs.List(1, new string('A', 2000)));
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Jobs.List(-1, null));
    }
}
