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
        using var folder = TwoClasses();
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
            GetJob = name => new FineTuneJob
            {
                Name = name,
                Spec = submitted?.Spec,
                State = JobState.Succeeded,
                Done = true,
                ModelVersion = "models/flowers/versions/3",
                PlanJson = """{"steps":40}""",
                PromotionOutcome = new PromotionOutcome
                {
                    Promoted = true, Reason = "live now names models/flowers/versions/3.", PreviousVersion = "models/flowers/versions/2",
                },
            },
        });

        var run = await CommandRun.OfAsync(Cancel,
            "finetune", folder.Path, "--model", "flowers", "--promote", "if-better", "--json", "--server", service.Address,
            "--recipe", "lite", "--engine", "ort-training", "--steps", "40", "--early-stopping-patience", "0", "--head-steps", "0", "--learning-rate", "0.003", "--budget", "2m");

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
                Engine = "ort-training",
                Overrides = new FineTuneOverrides
                {
                    Steps = 40,
                    EarlyStoppingPatience = 0,
                    HeadSteps = 0,
                    LearningRate = 0.003,
                    TimeBudget = new Google.Protobuf.WellKnownTypes.Duration { Seconds = 120 },
                },
                Promotion = PromotionRule.IfBetter,
            },
            submitted?.Spec);
        Assert.True(run.Json.GetProperty("promotion").GetProperty("promoted").GetBoolean());
        Assert.Equal("models/flowers/versions/2", run.Json.GetProperty("promotion").GetProperty("previous_version").GetString());
    }

    [Theory]
    [InlineData("--promote", 1)]
    [InlineData("--wait", 0)]
    public async Task FineTune_PromoteWithoutAWord_MeansAlways(string option, int rule)
    {
        SubmitFineTuneJobRequest? submitted = null;
        var answers = FailingJob();
        answers.Submit = request =>
        {
            submitted = request;
            return new FineTuneJob { Name = "fineTuneJobs/j1", Spec = request.Spec };
        };
        await using var service = await FakeService.StartAsync(answers);

        await CommandRun.OfAsync(Cancel, "finetune", "datasets/abc", "--model", "flowers", "--server", service.Address, option);
        var wrong = await CommandRun.OfAsync(Cancel, "finetune", "datasets/abc", "--model", "flowers", "--promote", "perhaps");

        Assert.Equal((PromotionRule)rule, submitted?.Spec.Promotion);
        Assert.Equal(ExitCodes.Usage, wrong.ExitCode);
        Assert.Contains("if-better", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FineTune_BadValue_IsRefusedBeforePhotosAreSent()
    {
        using var folder = TwoClasses();
        var uploads = 0;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Upload = _ =>
            {
                uploads++;
                return Task.FromResult(new UploadDatasetResponse());
            },
            Submit = request => request is { ValidateOnly: true, Spec.Dataset: "" }
                ? throw new RpcException(new Status(StatusCode.InvalidArgument, "spec.overrides.steps: is 0."))
                : throw new InvalidOperationException("Submitted all the same."),
        });

        var run = await CommandRun.OfAsync(Cancel, "finetune", folder.Path, "--model", "flowers", "--steps", "0", "--server", service.Address);

        Assert.Equal(ExitCodes.Refused, run.ExitCode);
        Assert.Contains("spec.overrides.steps", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, uploads);
    }

    [Fact]
    public async Task FineTune_PreviewThatBreaksOff_LeavesNoFile()
    {
        using var folder = new TemporaryFolder();
        var page = Path.Combine(folder.Path, "page.html");
        var answers = FailingJob();
        answers.Submit = request => new FineTuneJob { Spec = request.Spec };
        answers.Preview = async writer =>
        {
            await writer.WriteAsync(new PageChunk { Data = Google.Protobuf.ByteString.CopyFromUtf8("<html>") });
            throw new RpcException(new Status(StatusCode.InvalidArgument, "It broke."));
        };
        await using var service = await FakeService.StartAsync(answers);
        string[] arguments = ["finetune", "datasets/abc", "--model", "flowers", "--preview", page, "--json", "--server", service.Address];

        var broken = await CommandRun.OfAsync(Cancel, arguments);
        Assert.Equal(ExitCodes.Refused, broken.ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));

        answers.Preview = writer => writer.WriteAsync(new PageChunk { Data = Google.Protobuf.ByteString.CopyFromUtf8("<html>") });
        var whole = await CommandRun.OfAsync(Cancel, arguments);
        Assert.Equal((ExitCodes.Ok, page), (whole.ExitCode, whole.Json.GetProperty("preview").GetString()));
        Assert.Equal("<html>", File.ReadAllText(page));
        Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task FineTune_DryRun_PrintsTheEstimateAndSubmitsNothing()
    {
        var submissions = new List<bool>();
        var answers = FailingJob();
        answers.Submit = request =>
        {
            submissions.Add(request.ValidateOnly);
            return new FineTuneJob
            {
                Spec = request.Spec,
                PlanJson = """{"steps":40}""",
                Estimate = new FineTuneEstimate { Duration = new() { Seconds = 95 }, PeakMemoryBytes = 1 << 30, ImagesPerSecond = 12.5 },
            };
        };
        await using var service = await FakeService.StartAsync(answers);

        var run = await CommandRun.OfAsync(
            Cancel, "finetune", "datasets/abc", "--model", "flowers", "--dry-run", "--json", "--server", service.Address);

        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.All(submissions, Assert.True);
        Assert.Equal((95, 1 << 30, 40), (run.Json.GetProperty("duration_seconds").GetDouble(),
            run.Json.GetProperty("peak_memory_bytes").GetInt64(), run.Json.GetProperty("plan").GetProperty("steps").GetInt32()));
    }

    [Fact]
    public async Task Jobs_StateAndFilter_BecomeOneFilter()
    {
        ListFineTuneJobsRequest? asked = null;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            ListJobs = request =>
            {
                asked = request;
                return new ListFineTuneJobsResponse();
            },
        });

        var run = await CommandRun.OfAsync(
            Cancel, "jobs", "list", "--state", "running", "--filter", "model = models/m", "--server", service.Address);
        var wrong = await CommandRun.OfAsync(Cancel, "jobs", "--state", "asleep", "--server", service.Address);

        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Equal("state = RUNNING AND model = models/m", asked?.Filter);
        Assert.Equal(ExitCodes.Usage, wrong.ExitCode);
        Assert.Contains("PAUSED", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_PauseResumeDelete_SayWhatBecameOfTheJob()
    {
        var asked = new List<string>();
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            PauseJob = name => Answer("pause", name, new FineTuneJob { State = JobState.Running, PauseRequested = true }),
            ResumeJob = name => Answer("resume", name, new FineTuneJob { State = JobState.Queued }),
            DeleteJob = name => Answer("delete", name, new FineTuneJob()),
        });

        var pause = await CommandRun.OfAsync(Cancel, "jobs", "pause", "j1", "--json", "--server", service.Address);
        var resume = await CommandRun.OfAsync(Cancel, "jobs", "resume", "j1", "--json", "--server", service.Address);
        var delete = await CommandRun.OfAsync(Cancel, "jobs", "delete", "j1", "--json", "--server", service.Address);

        Assert.Equal(["pause fineTuneJobs/j1", "resume fineTuneJobs/j1", "delete fineTuneJobs/j1"], asked);
        Assert.True(pause.Json.GetProperty("pause_requested").GetBoolean());
        Assert.Equal("QUEUED", resume.Json.GetProperty("state").GetString());
        Assert.True(delete.Json.GetProperty("deleted").GetBoolean());

        FineTuneJob Answer(string call, string name, FineTuneJob job)
        {
            asked.Add($"{call} {name}");
            job.Name = name;
            return job;
        }
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

    private static TemporaryFolder TwoClasses()
    {
        var folder = new TemporaryFolder();
        foreach (var label in (string[])["daisy", "rose"])
        {
            Directory.CreateDirectory(Path.Combine(folder.Path, label));
            File.WriteAllText(Path.Combine(folder.Path, label, "1.jpg"), label);
        }
        return folder;
    }
}
