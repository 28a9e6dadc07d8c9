using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Net.Client;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>The whole way with the real server and the real trainer: upload, train, survive, promote, classify.</summary>
public sealed class FineTuneFlowTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _server;
    private GrpcChannel? _channel;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(_folder.Path, "--Trainer:Enabled", "true");
        _channel = _server.Connect();
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Job_WhoseTrainerIsKilledWithMinusNine_GoesOnToAModelThatServes()
    {
        // Enough that a fast machine is still at it when this test has seen it begin.
        var job = await SubmitAsync(steps: 300);
        await Eventually.HoldsAsync(async () => (await GetAsync(job)).Progress is { Step: >= 5 }, () => Log);

        Process.GetProcessById(TrainerProcessId()).Kill();

        var done = await EndAsync(job);
        Assert.True(done.State == JobState.Succeeded, $"{done.Error} {Log}");
        Assert.True(done.Attempt > 1, "The job was not taken a second time.");

        await Models.SetAliasAsync(
            new SetAliasRequest { Model = "models/colours", Version = done.ModelVersion }, cancellationToken: TestContext.Current.CancellationToken);
        var response = await Classification.ClassifyAsync(
            new ClassifyRequest { Model = "models/colours", Images = { ByteString.CopyFrom(Drawings.Png(SKColors.Red, 999)), ByteString.CopyFrom(Drawings.Png(SKColors.Blue, 998)) } },
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["red", "blue"], response.Results.Select(result => result.Predictions.Predictions_[0].Label));
        Assert.Equal(done.ModelVersion, response.ModelVersion);
    }

    [Fact]
    public async Task Job_RunAgain_PublishesTheSameBytes()
    {
        var job = await SubmitAsync(steps: 6);
        await RpcAssert.FailsAsync(Grpc.Core.StatusCode.FailedPrecondition, "JOB_NOT_SUCCEEDED", () => RerunAsync(job));
        var original = await EndAsync(job);
        Assert.True(original.State == JobState.Succeeded, $"{original.Error} {Log}");

        var rerun = await EndAsync((await RerunAsync(job)).Name);

        Assert.True(rerun.State == JobState.Succeeded, $"{rerun.Error} {Log}");
        Assert.Equal((original.PlanJson, "models/colours/versions/2"), (rerun.PlanJson, rerun.ModelVersion));
        var (expected, actual) = (await ManifestAsync(original.ModelVersion), await ManifestAsync(rerun.ModelVersion));
        foreach (var member in (string[])["inferenceGraph", "weights", "report"])
            Assert.Equal(expected.GetProperty(member).GetString(), actual.GetProperty(member).GetString());
        Assert.Equal(expected.GetProperty("lineage").GetProperty("finalState").GetString(), actual.GetProperty("lineage").GetProperty("finalState").GetString());
    }

    [Fact]
    public async Task Job_CancelledWhileTraining_EndsCancelledAndTheNextOneRuns()
    {
        var job = await SubmitAsync(steps: 100_000);
        await Eventually.HoldsAsync(async () => (await GetAsync(job)).Progress is { Step: >= 2 }, () => Log);

        var asked = await FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(asked.CancelRequested);
        var next = await SubmitAsync(steps: 4);

        Assert.Equal(JobState.Cancelled, (await EndAsync(job)).State);
        Assert.Equal(JobState.Succeeded, (await EndAsync(next)).State);
    }

    [Fact]
    public async Task Job_PausedWhileTraining_LetsTheNextOneRunAndGoesOnAfterResume()
    {
        // Too long to end by itself: how fast this machine trains decides nothing here.
        var job = await SubmitAsync(steps: 100_000);
        await Eventually.HoldsAsync(async () => (await GetAsync(job)).Progress is { Step: >= 2 }, () => Log);
        var asked = await FineTuning.PauseFineTuneJobAsync(new PauseFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(asked.PauseRequested);
        await Eventually.HoldsAsync(async () => (await GetAsync(job)).State == JobState.Paused, () => Log);

        var next = await SubmitAsync(steps: 4);
        Assert.Equal(JobState.Succeeded, (await EndAsync(next)).State);
        var paused = await GetAsync(job);
        Assert.Equal((JobState.Paused, 1), (paused.State, paused.Attempt));
        await FineTuning.ResumeFineTuneJobAsync(new ResumeFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);

        await Eventually.HoldsAsync(
            async () => await GetAsync(job) is { Attempt: 2, Progress: var progress } && progress.Step > paused.Progress.Step, () => Log);
        var resumed = new List<string>();
        await FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);
        using var watch = FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);
        while (await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            resumed.Add(watch.ResponseStream.Current.Message);
        // From its checkpoint, not from the beginning.
        var line = Assert.Single(resumed, message => message.StartsWith("Resumed at step ", StringComparison.Ordinal));
        Assert.True(long.Parse(line.Split(' ')[3], CultureInfo.InvariantCulture) >= paused.Progress.Step, $"{line} Paused at {paused.Progress.Step}.");
        Assert.Equal(JobState.Cancelled, (await GetAsync(job)).State);
    }

    [Fact]
    public async Task ValidateAndPreview_OnTheTrainer_AnswerWithoutAJob()
    {
        var spec = await SpecAsync(steps: 4);
        var request = new SubmitFineTuneJobRequest { Spec = spec, ValidateOnly = true };
        var validated = await FineTuning.SubmitFineTuneJobAsync(request, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(validated.Estimate.Duration.ToTimeSpan() > TimeSpan.Zero);
        Assert.Contains("\"crop\":32", validated.PlanJson, StringComparison.Ordinal);

        using var call = FineTuning.PreviewFineTuneJob(new PreviewFineTuneJobRequest { Spec = spec, BatchCount = 1 }, cancellationToken: TestContext.Current.CancellationToken);
        var page = new System.Text.StringBuilder();
        while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            page.Append(call.ResponseStream.Current.Data.ToStringUtf8());
        Assert.EndsWith("</html>\n", page.ToString(), StringComparison.Ordinal);
        Assert.Contains("Step 1", page.ToString(), StringComparison.Ordinal);
        Assert.Contains("data:image/png;base64,", page.ToString(), StringComparison.Ordinal);

        spec.Overrides.MicroBatchSize = 3;
        await RpcAssert.FailsAsync(Grpc.Core.StatusCode.InvalidArgument, "INVALID_PLAN",
            () => FineTuning.SubmitFineTuneJobAsync(request, cancellationToken: TestContext.Current.CancellationToken).ResponseAsync);
        Assert.Empty((await FineTuning.ListFineTuneJobsAsync(new ListFineTuneJobsRequest(), cancellationToken: TestContext.Current.CancellationToken)).Jobs);
    }

    [Fact]
    public async Task Watch_FromTheBeginning_TellsPlanProgressAndEnd()
    {
        var job = await SubmitAsync(steps: 10);
        var events = new List<FineTuneJobEvent>();
        using var watch = FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);
        while (await watch.ResponseStream.NextEventAsync() is { } item)
            events.Add(item);

        Assert.Equal(events.Select(item => item.Cursor).Order(), events.Select(item => item.Cursor));
        Assert.Equal(
            [JobState.Queued, JobState.Running, JobState.Succeeded],
            events.Where(item => item.EventCase == FineTuneJobEvent.EventOneofCase.State).Select(item => item.State));
        Assert.Contains(events, item => item.EventCase == FineTuneJobEvent.EventOneofCase.PlanJson);
        Assert.Contains(events, item => item.EventCase == FineTuneJobEvent.EventOneofCase.Progress);
        Assert.True(events[^1].Job.Done);
    }

    private string Log => _server?.Log ?? "";

    private GrpcChannel Channel => _channel ?? throw new InvalidOperationException("Not started.");

    private FineTuningService.FineTuningServiceClient FineTuning => new(Channel);

    private ModelService.ModelServiceClient Models => new(Channel);

    private ClassificationService.ClassificationServiceClient Classification => new(Channel);

    private async Task<string> SubmitAsync(int steps)
    {
        var request = new SubmitFineTuneJobRequest { Spec = await SpecAsync(steps) };
        return (await FineTuning.SubmitFineTuneJobAsync(request, cancellationToken: TestContext.Current.CancellationToken)).Name;
    }

    private async Task<FineTuneSpec> SpecAsync(int steps)
    {
        var upload = await new DatasetService.DatasetServiceClient(Channel).UploadAsync("colours", Uploads.TwoColours(0));
        return new FineTuneSpec
        {
            Dataset = upload.Dataset.Name,
            Model = "models/colours",
            Method = "full",
            Recipe = "scratch",
            Overrides = new FineTuneOverrides { Steps = steps, BatchSize = 4, Crop = 32, Resize = 32, WarmupSteps = 0, LearningRate = 0.02, EvaluationInterval = 10 },
        };
    }

    private async Task<FineTuneJob> RerunAsync(string job) =>
        await FineTuning.RerunFineTuneJobAsync(new RerunFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);

    private async Task<JsonElement> ManifestAsync(string version) => JsonElement.Parse((await Models.GetModelVersionAsync(
        new GetModelVersionRequest { Name = version }, cancellationToken: TestContext.Current.CancellationToken)).ManifestJson);

    private async Task<FineTuneJob> GetAsync(string job) =>
        await FineTuning.GetFineTuneJobAsync(new GetFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);

    private async Task<FineTuneJob> EndAsync(string job)
    {
        await Eventually.HoldsAsync(async () => (await GetAsync(job)).Done, () => Log);
        return await GetAsync(job);
    }

    // The server's child (through nice, which becomes the trainer) that works on this test's workspace.
    private int TrainerProcessId() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Single(id => id > 0 && CommandLine(id) is var line && line.Contains("BiT.Trainer.dll", StringComparison.Ordinal)
            && line.Contains(_folder.Path, StringComparison.Ordinal));

    private static string CommandLine(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/cmdline").Replace('\0', ' ');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
