using BiT.CommandLine;
using BiT.Protocol.V1;
using BiT.Tests.Unit.Client;

namespace BiT.Tests.Unit.CommandLine;

public sealed class ModelReportCommandTests
{
    private const string Version = "models/flowers/versions/2";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("flowers")]
    [InlineData("flowers@canary")]
    [InlineData("models/flowers/versions/2")]
    public async Task Show_AnyNameOfAVersion_ShowsItsReport(string name)
    {
        await using var service = await FakeService.StartAsync(Answers());

        var people = await CommandRun.OfAsync(Cancel, "models", "show", name, "--server", service.Address);
        var json = await CommandRun.OfAsync(Cancel, "models", "show", name, "--json", "--server", service.Address);

        Assert.Equal((ExitCodes.Ok, ExitCodes.Ok), (people.ExitCode, json.ExitCode));
        Assert.DoesNotContain('\u001b', people.Output);
        Assert.All(
            ["training loss", "validation accuracy", "75.0% of 4 photos", "Most confused", "Hard, or wrongly labelled", "[odd].jpg"],
            text => Assert.Contains(text, people.Output));
        Assert.Equal(Version, json.Json.GetProperty("version").GetProperty("name").GetString());
        Assert.Equal(2, json.Json.GetProperty("curve").GetArrayLength());
        Assert.Equal(0.75, json.Json.GetProperty("evaluation").GetProperty("top1_accuracy").GetDouble());
    }

    [Fact]
    public async Task Show_UnknownAliasOrVersion_ExitsWith3()
    {
        await using var service = await FakeService.StartAsync(Answers());

        foreach (var name in new[] { "flowers@nightly", "flowers/versions/9" })
        {
            var run = await CommandRun.OfAsync(Cancel, "models", "show", name, "--json", "--server", service.Address);
            Assert.Equal(ExitCodes.NotFound, run.ExitCode);
            Assert.Contains("_NOT_FOUND", run.Json.GetProperty("error").GetProperty("reason").GetString());
        }
    }

    [Fact]
    public async Task Evaluate_WithHtml_WritesTheFileAndAnswersOneLine()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "page.html");
        EvaluateModelVersionRequest? asked = null;
        var answers = Answers();
        answers.Evaluate = request =>
        {
            asked = request;
            return new ModelReport { ModelVersion = request.Name, Dataset = request.Dataset, Evaluation = Evaluation(), Page = Google.Protobuf.ByteString.CopyFromUtf8("<html>") };
        };
        await using var service = await FakeService.StartAsync(answers);

        var run = await CommandRun.OfAsync(Cancel,
            "models", "evaluate", "flowers", "datasets/abc", "--split", "validation", "--html", file, "--json", "--server", service.Address);

        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Equal(
            new EvaluateModelVersionRequest { Name = Version, Dataset = "datasets/abc", Split = Split.Validation, IncludePage = true }, asked);
        Assert.Equal("<html>", await File.ReadAllTextAsync(file, Cancel));
        Assert.Equal(0.75, run.Json.GetProperty("evaluation").GetProperty("top1_accuracy").GetDouble());
    }

    private static FakeAnswers Answers()
    {
        var version = new ModelVersion { Name = Version, Network = "bit-tiny", Labels = { "daisy", "rose" } };
        return new FakeAnswers
        {
            GetModel = name => new Model { Name = name, LatestVersion = version, Aliases = { new ModelAlias { Alias = "canary", Version = Version } } },
            ListVersions = _ => new ListModelVersionsResponse { Versions = { version } },
            GetDataset = name => new Dataset { Name = name },
            GetReport = name => new ModelReport
            {
                ModelVersion = name,
                Curve =
                {
                    new CurvePoint { Step = 1, Loss = 2, LearningRate = 0.1, Seconds = 1 },
                    new CurvePoint { Step = 9, Loss = 1, LearningRate = 0.1, Seconds = 2, ValidationAccuracy = 0.75 },
                },
                Evaluation = Evaluation(),
            },
        };
    }

    private static Evaluation Evaluation() => new()
    {
        PhotoCount = 4,
        Top1Accuracy = 0.75,
        Loss = 0.5,
        ExpectedCalibrationError = 0.1,
        Classes = { new ClassEvaluation { Label = "daisy", PhotoCount = 2, Recall = 0.5, Precision = 1, F1 = 0.66 }, new ClassEvaluation { Label = "rose", PhotoCount = 2 } },
        Confusion = { new ConfusionCell { Actual = 0, Predicted = 1, PhotoCount = 1 }, new ConfusionCell { Actual = 1, Predicted = 1, PhotoCount = 2 } },
        HighestLosses = { new PhotoLoss { FileName = "[odd].jpg", Label = "daisy", PredictedLabel = "rose", PredictedProbability = 0.9, LabelProbability = 0.1, Loss = 2.3 } },
    };
}
