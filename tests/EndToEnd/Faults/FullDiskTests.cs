using BiT.Protocol.V1;
using BiT.Tests.EndToEnd.Serving;

namespace BiT.Tests.EndToEnd.Faults;

/// <summary>Jobs on a disk that is full: a real one, of a few megabytes. They wait, say for what, and go on by themselves.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const string CannotMount = "This machine does not let a user mount a disk of a few megabytes (unshare -rm, tmpfs).";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Workspace => Path.Combine(_folder.Path, "workspace");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Job_ThatFindsNoRoomForItsPhotos_WaitsInOneAttemptAndGoesOnWhenThereIs()
    {
        Assert.SkipUnless(await ServerProcess.CanMountAsync(), CannotMount);
        // Ten photos of 1024 x 1024 take 31 megabytes.
        await using var server = await StartAsync(megabytes: 20);
        var job = await SubmitAsync(server, side: 1024, steps: 1);

        await IsWaitingAsync(server, job);
        var waiting = await server.GetAsync(job);
        Assert.Equal((JobState.Running, 1), (waiting.State, waiting.Attempt));
        await MessageAsync(server, job, "The disk of the workspace is full (");
        // Nothing half-made takes what room there is.
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Seen(server), "cache")));

        await server.Process.EnlargeDiskAsync(Workspace, 400);
        var done = await server.EndAsync(job);
        Assert.True(done is { State: JobState.Succeeded, Attempt: 1 }, $"{done} {server.Log}");
        await MessageAsync(server, job, "There is room on the disk again");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task JobThatWaitsForRoom_CancelledOrPaused_LeavesItsTrainer(bool isCancelled)
    {
        Assert.SkipUnless(await ServerProcess.CanMountAsync(), CannotMount);
        await using var server = await StartAsync(megabytes: 20);
        var job = await SubmitAsync(server, side: 1024, steps: 1);
        await IsWaitingAsync(server, job);

        if (isCancelled)
            await server.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = job }, cancellationToken: Token);
        else
            await server.FineTuning.PauseFineTuneJobAsync(new PauseFineTuneJobRequest { Name = job }, cancellationToken: Token);

        var end = isCancelled ? JobState.Cancelled : JobState.Paused;
        await Eventually.HoldsAsync(async () => (await server.GetAsync(job)).State == end, () => server.Log, TrainingServer.Patience);
        // The next job is small.
        await server.Process.EnlargeDiskAsync(Workspace, 300);
        Assert.Equal(JobState.Succeeded, (await server.EndAsync(await SubmitAsync(server, side: 32, steps: 1))).State);
        Assert.Equal(end, (await server.GetAsync(job)).State);
    }

    [Fact]
    public async Task Checkpoint_ThatFindsNoRoom_LetsTrainingGoOnAndIsWrittenWhenThereIs()
    {
        Assert.SkipUnless(await ServerProcess.CanMountAsync(), CannotMount);
        await using var server = await StartAsync(megabytes: 300);
        var job = await SubmitAsync(server, side: 32, steps: 100_000);
        await Eventually.HoldsAsync(() => Task.FromResult(Checkpoints(server).Length > 0), () => server.Log, TrainingServer.Patience);

        var filler = Fill(server, leaving: 2 << 20);
        await MessageAsync(server, job, "The checkpoint could not be written (No space left on device");
        var (step, kept) = ((await server.GetAsync(job)).Progress.Step, Checkpoints(server));
        await Eventually.HoldsAsync(async () => (await server.GetAsync(job)).Progress.Step > step, () => server.Log, TrainingServer.Patience);
        Assert.Equal(kept, Checkpoints(server));
        Assert.NotEmpty(kept);

        File.Delete(filler);
        await MessageAsync(server, job, "Checkpoints are written again.");
        Assert.NotEqual(kept, Checkpoints(server));
        await server.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = job }, cancellationToken: Token);
        var ended = await server.EndAsync(job);
        Assert.Equal((JobState.Cancelled, 1), (ended.State, ended.Attempt));
        Assert.NotEmpty(Checkpoints(server));
    }

    private async Task<TrainingServer> StartAsync(int megabytes)
    {
        Directory.CreateDirectory(Workspace);
        return await TrainingServer.StartOnSmallDiskAsync(Workspace, _folder.Path, megabytes);
    }

    // The disk as the server sees it; from outside the folder stays empty.
    private string Seen(TrainingServer server) => $"/proc/{server.Process.ProcessId}/root{Workspace}";

    private string[] Checkpoints(TrainingServer server) =>
        [.. Directory.GetFiles(Path.Combine(Seen(server), "jobs"), "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    // Leaves room for rows, so that the warning can be stored, and none for a checkpoint, which has 28 megabytes.
    private string Fill(TrainingServer server, long leaving)
    {
        var path = Path.Combine(Seen(server), "filler");
        var block = new byte[1 << 20];
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        while (new DriveInfo(Seen(server)).AvailableFreeSpace > leaving)
            file.Write(block);
        return path;
    }

    private static async Task<string> SubmitAsync(TrainingServer server, int side, int steps)
    {
        var spec = new FineTuneSpec
        {
            Dataset = await server.UploadAsync(),
            Model = "models/colours",
            Method = "full",
            Recipe = "scratch",
            Overrides = new FineTuneOverrides
            {
                Steps = steps, BatchSize = 2, MicroBatchSize = 1, Crop = 32, Resize = side, WarmupSteps = 0, LearningRate = 0.01, EvaluationInterval = 1_000,
            },
        };
        return (await server.FineTuning.SubmitFineTuneJobAsync(new SubmitFineTuneJobRequest { Spec = spec }, cancellationToken: Token)).Name;
    }

    private static Task IsWaitingAsync(TrainingServer server, string job) => Eventually.HoldsAsync(
        async () => (await server.GetAsync(job)).Progress?.Phase.StartsWith("waiting for room on the disk", StringComparison.Ordinal) == true,
        () => server.Log, TrainingServer.Patience);

    private static async Task MessageAsync(TrainingServer server, string job, string beginning)
    {
        using var watch = server.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job }, cancellationToken: Token);
        while (await watch.ResponseStream.MoveNext(Token))
        {
            if (watch.ResponseStream.Current.Message.StartsWith(beginning, StringComparison.Ordinal))
                return;
        }
        Assert.Fail($"No message began with '{beginning}'. {server.Log}");
    }
}
