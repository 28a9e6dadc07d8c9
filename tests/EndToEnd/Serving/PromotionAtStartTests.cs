using BiT.Core.Store;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Promotions that fall due while no server runs.</summary>
public sealed class PromotionAtStartTests
{
    [Fact]
    public async Task Server_StartedAfterJobsHaveEnded_DecidesTheirPromotionsOnceInTheirOrder()
    {
        using var folder = new TemporaryFolder();
        using var workspace = Workspace.Open(folder.Path, TimeProvider.System);
        var dataset = Save(workspace);
        var jobs = Enumerable.Range(0, 2).Select(_ => End(workspace, dataset)).ToArray();

        await using (await ServerProcess.StartAsync(folder.Path))
            await Eventually.HoldsAsync(() => Task.FromResult(workspace.Jobs.ListToPromote().Count == 0));
        var outcomes = jobs.Select(id => workspace.Jobs.Find(id)?.Promotion).ToArray();
        await using (await ServerProcess.StartAsync(folder.Path))
            Assert.Empty(workspace.Jobs.ListToPromote());

        Assert.All(outcomes, outcome => Assert.True(outcome?.IsPromoted, outcome?.Reason));
        Assert.Equal((null, 1), (outcomes[0]?.Previous, outcomes[1]?.Previous?.Number));
        Assert.Equal(2, workspace.Models.Resolve("colours", "live")?.Id.Number);
        Assert.Equal(outcomes, jobs.Select(id => workspace.Jobs.Find(id)?.Promotion));
    }

    private static string Save(Workspace workspace)
    {
        var blob = workspace.Blobs.Put(new MemoryStream([1]));
        return workspace.Datasets.Save("two", [new Photo("a.png", "red", Split.Train, blob, 8, 8, 1), new Photo("b.png", "green", Split.Train, blob, 8, 8, 1)]).Id;
    }

    private static string End(Workspace workspace, string dataset)
    {
        var spec = new FineTuneSpec { DatasetId = dataset, ModelId = "colours", Promotion = PromotionRule.Always };
        var job = workspace.Jobs.Submit(spec, null);
        var lease = workspace.Jobs.TryLease("test", TimeSpan.FromMinutes(1)) ?? throw new InvalidOperationException("No job waits.");
        workspace.Jobs.Publish(lease, TinyModels.FullManifest(workspace, "red", "green", "blue"));
        return job.Id;
    }
}
