using System.Text;
using BiT.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>The report of a version that the real trainer made, its page, and evaluations on other photos.</summary>
public sealed class ModelReportTests : IAsyncLifetime
{
    private static readonly CallOptions Options = new(cancellationToken: TestContext.Current.CancellationToken);

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
    public async Task Version_ThatAJobMade_HasAReportAPageAndCanBeEvaluated()
    {
        var dataset = (await Datasets.UploadAsync("colours", Uploads.TwoColours(0))).Dataset;
        var version = await TrainAsync(dataset.Name);

        var report = await Models.GetModelReportAsync(new GetModelReportRequest { Name = version }, Options);
        Assert.Equal((version, dataset.Name, 2), (report.ModelVersion, report.Dataset, report.Evaluation.PhotoCount));
        Assert.Equal(Enumerable.Range(1, 12).Select(step => (long)step), report.Curve.Select(point => point.Step));
        Assert.Equal([4L, 8, 12], report.Curve.Where(point => point.HasValidationAccuracy).Select(point => point.Step));
        Assert.Equal(report.Curve.Select(point => point.Seconds).Order(), report.Curve.Select(point => point.Seconds));

        using var call = Models.GetModelReportPage(new GetModelReportPageRequest { Name = version }, Options);
        var page = new StringBuilder();
        while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            page.Append(call.ResponseStream.Current.Data.ToStringUtf8());
        Assert.StartsWith("<!DOCTYPE html>", page.ToString());
        Assert.EndsWith("</html>\n", page.ToString());
        Assert.Contains("data:image/jpeg;base64,", page.ToString());

        var evaluated = await Models.EvaluateModelVersionAsync(
            new EvaluateModelVersionRequest { Name = version, Dataset = dataset.Name, Split = Split.Validation, IncludePage = true }, Options);
        // The same photos with the same files: what was published is what was measured.
        Assert.Equal(report.Evaluation, evaluated.Evaluation);
        Assert.Empty(evaluated.Curve);
        Assert.Contains("</html>", evaluated.Page.ToStringUtf8());
        var all = await Models.EvaluateModelVersionAsync(new EvaluateModelVersionRequest { Name = version, Dataset = dataset.Name }, Options);
        Assert.Equal(12, all.Evaluation.PhotoCount);

        await EvaluationOfOtherClassesIsRefusedAsync(version);
    }

    private async Task EvaluationOfOtherClassesIsRefusedAsync(string version)
    {
        var photos = Enumerable.Range(20, 2).SelectMany(mark => Uploads.Photo($"{mark}.png", "green", Drawings.Png(SKColors.Green, mark))
            .Concat(Uploads.Photo($"{mark}-red.png", "red", Drawings.Png(SKColors.Red, mark))));
        var other = (await Datasets.UploadAsync("others", photos)).Dataset.Name;

        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "LABEL_MISMATCH", () =>
            Models.EvaluateModelVersionAsync(new EvaluateModelVersionRequest { Name = version, Dataset = other }, Options).ResponseAsync);
        Assert.Contains("'green'", status.Message);
    }

    private DatasetService.DatasetServiceClient Datasets => new(_channel);

    private ModelService.ModelServiceClient Models => new(_channel);

    private async Task<string> TrainAsync(string dataset)
    {
        var fineTuning = new FineTuningService.FineTuningServiceClient(_channel);
        var spec = new FineTuneSpec
        {
            Dataset = dataset,
            Model = "models/colours",
            Method = "full",
            Recipe = "scratch",
            Overrides = new FineTuneOverrides { Steps = 12, BatchSize = 4, Crop = 32, Resize = 32, WarmupSteps = 0, LearningRate = 0.02, EvaluationInterval = 4 },
        };
        var job = await fineTuning.SubmitFineTuneJobAsync(new SubmitFineTuneJobRequest { Spec = spec }, Options);
        await Eventually.HoldsAsync(async () => (job = await fineTuning.GetFineTuneJobAsync(new GetFineTuneJobRequest { Name = job.Name }, Options)).Done, () => _server?.Log ?? "");
        Assert.True(job.State == JobState.Succeeded, $"{job.Error}");
        return job.ModelVersion;
    }
}
