using BiT.CommandLine;
using BiT.Protocol.V1;
using BiT.Tests.Unit.Client;
using Grpc.Core;

namespace BiT.Tests.Unit.CommandLine;

public sealed class JsonAnswerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FineTune_WaitAndPromoteWithJson_AnswersOneLineAndKeepsTheRestOnStandardError()
    {
        SubmitFineTuneJobRequest? submitted = null;
        SetAliasRequest? promoted = null;
        using var folder = new TemporaryFolder();
        foreach (var label in (string[])["daisy", "rose"])
        {
            Directory.CreateDirectory(Path.Combine(folder.Path, label));
            File.WriteAllText(Path.Combine(folder.Path, label, "1.jpg"), label);
        }
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Upload = async stream =>
            {
                while (await stream.MoveNext(Cancel))
                {
                }
                return new UploadDatasetResponse { Dataset = new Dataset { Name = "datasets/abc", TrainPhotoCount = 2 } };
            },
            Submit = request =>
            {
                submitted = request;
                return new FineTuneJob { Name = "fineTuneJobs/j1", Spec = request.Spec, State = JobState.Queued };
            },
            Watch = async (_, writer, _) =>
            {
                await writer.WriteAsync(new FineTuneJobEvent { Cursor = 1, Message = "auto chose head: the set is small" });
                await writer.WriteAsync(new FineTuneJobEvent { Cursor = 2, PlanJson = """{"steps":40,"crop":64}""" });
                await writer.WriteAsync(new FineTuneJobEvent
                {
                    Cursor = 3,
                    Progress = new FineTuneProgress { Phase = "training", Step = 20, TotalSteps = 40, Loss = double.NaN },
                });
                await writer.WriteAsync(new FineTuneJobEvent
                {
                    Cursor = 4,
                    State = JobState.Succeeded,
                    Job = new FineTuneJob
                    {
                        Name = "fineTuneJobs/j1",
                        Spec = submitted?.Spec,
                        State = JobState.Succeeded,
                        Done = true,
                        ModelVersion = "models/flowers/versions/3",
                        PlanJson = """{"steps":40}""",
                    },
                });
            },
            SetAlias = request =>
            {
                promoted = request;
                return new Model { Name = request.Model };
            },
        });

        var run = await CommandRun.OfAsync(Cancel,
            "finetune", folder.Path, "--model", "flowers", "--promote", "--json", "--server", service.Address,
            "--recipe", "lite", "--steps", "40", "--early-stopping-patience", "0", "--learning-rate", "0.003", "--budget", "2m");

        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Equal("models/flowers/versions/3", run.Json.GetProperty("model_version").GetString());
        Assert.Equal(40, run.Json.GetProperty("plan").GetProperty("steps").GetInt32());
        Assert.Contains("auto chose head", run.Error, StringComparison.Ordinal);
        Assert.Contains("20/40", run.Error, StringComparison.Ordinal);
        Assert.Equal(
            new FineTuneSpec
            {
                Dataset = "datasets/abc",
                Model = "models/flowers",
                Recipe = "lite",
                Overrides = new FineTuneOverrides
                {
                    Steps = 40,
                    EarlyStoppingPatience = 0,
                    LearningRate = 0.003,
                    TimeBudget = new Google.Protobuf.WellKnownTypes.Duration { Seconds = 120 },
                },
            },
            submitted?.Spec);
        Assert.Equal(("models/flowers", "live", "models/flowers/versions/3"), (promoted?.Model, promoted?.Alias, promoted?.Version));
    }

    [Fact]
    public async Task FineTune_JobFails_ExitsWith1AndItsReason()
    {
        await using var service = await FakeService.StartAsync(FailingJob());

        var run = await CommandRun.OfAsync(Cancel,
            "finetune", "datasets/abc", "--model", "flowers", "--wait", "--json", "--server", service.Address);

        Assert.Equal(ExitCodes.Failed, run.ExitCode);
        var error = run.Json.GetProperty("error");
        Assert.Equal("OUT_OF_MEMORY", error.GetProperty("reason").GetString());
        Assert.Contains("Use a smaller micro-batch.", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("Use a smaller micro-batch.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FineTune_InterruptedWhileWaiting_SaysThatTheJobGoesOn()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var answers = FailingJob();
        answers.Watch = async (_, writer, context) =>
        {
            await writer.WriteAsync(new FineTuneJobEvent { Cursor = 1, Message = "training" });
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.CancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
        };
        await using var service = await FakeService.StartAsync(answers);

        var run = await CommandRun.OfAsync(stop.Token,
            "finetune", "datasets/abc", "--model", "flowers", "--wait", "--server", service.Address);

        Assert.Equal(ExitCodes.Cancelled, run.ExitCode);
        Assert.Contains("fineTuneJobs/j1 keeps running", run.Error, StringComparison.Ordinal);
        Assert.Contains("bit jobs watch j1", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Classify_OneFileMissing_AnswersTheOthersAndExitsWith5()
    {
        using var folder = new TemporaryFolder();
        var present = Path.Combine(folder.Path, "a.jpg");
        var missing = Path.Combine(folder.Path, "b.jpg");
        File.WriteAllText(present, "bytes");
        var half = new Predictions { Predictions_ = { new Prediction { Label = "[rose]", Probability = 0.5f } } };
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Classify = request => new ClassifyResponse
            {
                ModelVersion = request.Model + "/versions/1",
                Results = { request.Images.Select(_ => new ClassifyResult { Predictions = half }) },
            },
        });

        var json = await CommandRun.OfAsync(Cancel, "classify", "flowers", missing, present, "--json", "--server", service.Address);
        var people = await CommandRun.OfAsync(Cancel, "classify", "flowers", missing, present, "--server", service.Address);

        Assert.Equal((ExitCodes.Refused, ExitCodes.Refused), (json.ExitCode, people.ExitCode));
        var images = json.Json.GetProperty("images");
        Assert.Equal("FILE_NOT_FOUND", images[0].GetProperty("error").GetProperty("reason").GetString());
        Assert.Equal("[rose]", images[1].GetProperty("predictions")[0].GetProperty("label").GetString());
        Assert.Contains("[rose]", people.Output, StringComparison.Ordinal);
        Assert.Contains("50.0%", people.Output, StringComparison.Ordinal);
        Assert.Contains("There is no such file.", people.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_ListAloneOrNamed_AnswersTheSame()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            ListModels = _ => new ListModelsResponse
            {
                Models =
                {
                    new Model
                    {
                        Name = "models/flowers",
                        Aliases = { new ModelAlias { Alias = "live", Version = "models/flowers/versions/3" } },
                    },
                },
            },
        });

        var alone = await CommandRun.OfAsync(Cancel, "models", "--json", "--server", service.Address);
        var named = await CommandRun.OfAsync(Cancel, "models", "list", "--json", "--server", service.Address);
        var table = await CommandRun.OfAsync(Cancel, "models", "--server", service.Address);

        Assert.Equal(alone.Output, named.Output);
        var aliases = alone.Json.GetProperty("models")[0].GetProperty("aliases");
        Assert.Equal("models/flowers/versions/3", aliases.GetProperty("live").GetString());
        Assert.Contains("flowers", table.Output, StringComparison.Ordinal);
    }

    private static FakeAnswers FailingJob() => new()
    {
        GetDataset = name => new Dataset { Name = name },
        Submit = request => new FineTuneJob { Name = "fineTuneJobs/j1", Spec = request.Spec, State = JobState.Queued },
        Watch = (_, writer, _) => writer.WriteAsync(new FineTuneJobEvent
        {
            Cursor = 1,
            State = JobState.Failed,
            Job = new FineTuneJob
            {
                Name = "fineTuneJobs/j1",
                State = JobState.Failed,
                Done = true,
                Error = new Google.Rpc.Status
                {
                    Code = (int)StatusCode.Internal,
                    Message = "Training needs 9 GB. Use a smaller micro-batch.",
                    Details = { Google.Protobuf.WellKnownTypes.Any.Pack(new Google.Rpc.ErrorInfo { Reason = "OUT_OF_MEMORY" }) },
                },
            },
        }),
    };
}
