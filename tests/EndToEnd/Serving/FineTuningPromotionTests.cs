using BiT.Core.Store;
using BiT.Protocol.V1;
using PromotionRule = BiT.Protocol.V1.PromotionRule;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Promotion of what a job published, by the server.</summary>
public sealed class FineTuningPromotionTests : IAsyncLifetime
{
    private readonly FineTuningServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Promotion_OfAJobThatSucceeds_IsDoneByTheServerBeforeItsWatchEnds()
    {
        var spec = _server.Spec();
        spec.Promotion = PromotionRule.Always;
        spec.PromotionAlias = "canary";
        var job = await _server.SubmitAsync(spec);
        Assert.Equal(spec, job.Spec);
        using var watch = _server.Watch(job.Name);
        _server.Workspace.Jobs.Publish(_server.Lease(), TinyModels.FullManifest(_server.Workspace, "red", "green", "blue"));

        var events = await watch.ReadToEndAsync();

        var done = await _server.GetAsync(job.Name);
        Assert.True(done.PromotionOutcome.Promoted, done.PromotionOutcome.Reason);
        Assert.Equal(done.PromotionOutcome.Reason, events[^1].Message);
        var model = await _server.Models.GetModelAsync(new GetModelRequest { Name = "models/colours" }, FineTuningServer.Options);
        Assert.Equal(done.ModelVersion, $"models/colours/versions/{_server.Workspace.Models.Resolve("colours", "canary")?.Id.Number}");
        Assert.Equal("models/colours", model.Name);
    }

    [Fact]
    public async Task Promotion_OfAVersionThatDoesNotLoad_LeavesTheAliasAndSaysWhy()
    {
        TinyModels.ImportFull(_server.Workspace, "colours", "red", "green", "blue");
        _server.Workspace.Models.SetAlias("colours", "live", 1, OptionalExpected.Absent);
        var spec = _server.Spec();
        spec.Promotion = PromotionRule.Always;
        var job = await _server.SubmitAsync(spec);
        // Three outputs and two labels.
        _server.Workspace.Jobs.Publish(_server.Lease(), TinyModels.FullManifest(_server.Workspace, "red", "green", "blue") with { Labels = ["red", "green"] });
        using var watch = _server.Watch(job.Name);
        await watch.ReadToEndAsync();

        var outcome = (await _server.GetAsync(job.Name)).PromotionOutcome;

        Assert.False(outcome.Promoted);
        Assert.Contains("3 outputs and 2 labels", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal("models/colours/versions/1", outcome.PreviousVersion);
        Assert.Equal(1, _server.Workspace.Models.Resolve("colours", "live")?.Id.Number);
    }
}
