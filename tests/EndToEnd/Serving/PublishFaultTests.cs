using BiT.Protocol.V1;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>A disk that is full when a version is to be published.</summary>
public sealed class PublishFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_WhoseVersionFindsNoRoom_LeavesNothingAndIsPublishedWithoutAnotherStepOnceThereIs()
    {
        Assert.SkipUnless(await ServerProcess.CanMountAsync(), "This machine does not let a user mount a disk of a few megabytes (unshare -rm, tmpfs).");
        using var folder = new TemporaryFolder();
        // The weights have 14 megabytes: a version (graph and weights) has no room here, and neither has a checkpoint.
        await using var server = await ServerProcess.StartOnSmallDiskAsync(folder.Path, 24, "--Trainer:Enabled", "true");
        using var channel = server.Connect();
        // The disk as the server sees it; from outside the folder stays empty.
        var seen = $"/proc/{server.ProcessId}/root{folder.Path}";
        var jobs = new FineTuningService.FineTuningServiceClient(channel);
        var models = new ModelService.ModelServiceClient(channel);
        using var watch = jobs.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = await SubmitAsync(channel, jobs) }, cancellationToken: Token);

        FineTuneJobEvent happened;
        do
        {
            Assert.True(await watch.ResponseStream.MoveNext(Token), server.Log);
            happened = watch.ResponseStream.Current;
        }
        while (!happened.Message.StartsWith("The disk of the workspace is full (", StringComparison.Ordinal));
        Assert.Contains("No space left on device", happened.Message);

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(seen, "tmp")));
        Assert.Empty((await models.ListModelsAsync(new ListModelsRequest(), cancellationToken: Token)).Models);

        // No checkpoint has found room: what was trained is in the trainer's memory alone, and it keeps it.
        await server.EnlargeDiskAsync(folder.Path, 200);
        while (await watch.ResponseStream.MoveNext(Token))
            happened = watch.ResponseStream.Current;
        Assert.True(happened.Job is { State: JobState.Succeeded, Attempt: 1 }, $"{happened} {server.Log}");
        Assert.Equal("models/colours/versions/1", happened.Job.ModelVersion);
    }

    private static async Task<string> SubmitAsync(Grpc.Core.ChannelBase channel, FineTuningService.FineTuningServiceClient jobs)
    {
        var dataset = await new DatasetService.DatasetServiceClient(channel).UploadAsync("colours", Uploads.TwoColours(0));
        var spec = new FineTuneSpec
        {
            Dataset = dataset.Dataset.Name,
            Model = "models/colours",
            Method = "full",
            Recipe = "scratch",
            Overrides = new FineTuneOverrides { Steps = 2, BatchSize = 4, Crop = 32, Resize = 32, WarmupSteps = 0 },
        };
        return (await jobs.SubmitFineTuneJobAsync(new SubmitFineTuneJobRequest { Spec = spec }, cancellationToken: Token)).Name;
    }
}
