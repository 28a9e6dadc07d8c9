using System.IO.Compression;
using BiT.CommandLine;
using BiT.Protocol.V1;
using BiT.Tests.Unit.Client;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace BiT.Tests.Unit.CommandLine;

public sealed class DatasetsCommandTests
{
    private static readonly string First = "0123456789ab" + new string('0', 52);
    private static readonly string Second = "0123456789cd" + new string('0', 52);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("0123456789ab")]
    [InlineData("datasets/0123456789ab")]
    [InlineData("garden")]
    [InlineData("whole id")]
    [InlineData("whole name")]
    public async Task Show_AnyWayToNameADataSet_ShowsBalanceAndProblems(string name)
    {
        await using var service = await FakeService.StartAsync(TwoDataSets());
        name = name switch { "whole id" => First, "whole name" => "datasets/" + First, _ => name };

        var run = await CommandRun.OfAsync(Cancel, "datasets", "show", name, "--server", service.Address);
        var json = await CommandRun.OfAsync(Cancel, "datasets", "show", name, "--json", "--server", service.Address);

        Assert.True(run.ExitCode == ExitCodes.Ok, run.Error);
        Assert.Matches(@"rose +30 +10 +(█{30}|#{30})\s", run.Output);
        Assert.Matches(@"daisy +1 +0 +(█|#)\s", run.Output);
        Assert.Contains("bad9.jpg", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("bad10.jpg", run.Output, StringComparison.Ordinal);
        Assert.Contains("And 2 more problems", run.Output, StringComparison.Ordinal);
        Assert.Equal("datasets/" + First, json.Json.GetProperty("name").GetString());
        Assert.Equal(10, json.Json.GetProperty("problems").GetArrayLength());
        Assert.Equal("left out", json.Json.GetProperty("problems")[0].GetProperty("severity").GetString());
    }

    [Theory]
    [InlineData("01234567", ExitCodes.Refused, "means 2 data sets")]
    [InlineData("0123456", ExitCodes.NotFound, "There is no data set '0123456'")]
    [InlineData("twin", ExitCodes.Refused, "means 2 data sets")]
    [InlineData("datasets/ffffffffffff", ExitCodes.NotFound, "There is no data set")]
    [InlineData("Garden", ExitCodes.NotFound, "There is no data set")]
    public async Task Show_NameOfNoneOrSeveral_SaysSo(string name, int exitCode, string expected)
    {
        var answers = TwoDataSets();
        if (name == "twin")
        {
            answers.ListDatasets = _ => new ListDatasetsResponse
            {
                Datasets = { new Dataset { Name = "datasets/" + First, DisplayName = "twin" }, new Dataset { Name = "datasets/" + Second, DisplayName = "twin" } },
            };
        }
        await using var service = await FakeService.StartAsync(answers);

        var run = await CommandRun.OfAsync(Cancel, "datasets", "show", name, "--server", service.Address);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_Html_ReplacesTheFileOnlyWhenThePageIsWhole()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "page.html");
        File.WriteAllText(path, "old");
        var answers = TwoDataSets();
        var isBroken = true;
        answers.DatasetPage = async (_, writer) =>
        {
            await writer.WriteAsync(new PageChunk { Data = ByteString.CopyFromUtf8("<html>") });
            if (isBroken)
                throw new RpcException(new Status(StatusCode.Internal, "Broken in the middle."));
            await writer.WriteAsync(new PageChunk { Data = ByteString.CopyFromUtf8("</html>") });
        };
        await using var service = await FakeService.StartAsync(answers);

        var broken = await CommandRun.OfAsync(Cancel, "datasets", "show", "garden", "--html", path, "--server", service.Address);
        Assert.Equal((ExitCodes.Failed, "old"), (broken.ExitCode, File.ReadAllText(path)));
        isBroken = false;
        var whole = await CommandRun.OfAsync(Cancel, "datasets", "show", "garden", "--html", path, "--problems", "--json", "--server", service.Address);

        Assert.Equal("<html></html>", File.ReadAllText(path));
        Assert.Equal(path, whole.Json.GetProperty("html").GetString());
        Assert.Equal(12, whole.Json.GetProperty("problems").GetArrayLength());
        Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("", "names the folder")]
    [InlineData("absent/page.html", "there is no folder")]
    public async Task Show_HtmlIntoAFolder_IsRefusedBeforeTheServerIsAsked(string name, string expected)
    {
        using var folder = new TemporaryFolder();

        var run = await CommandRun.OfAsync(Cancel,
            "datasets", "show", "garden", "--html", Path.Combine(folder.Path, name), "--server", "http://127.0.0.1:1");

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_Archive_SendsItAndListsProblems()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "holiday.zip");
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
            zip.CreateEntry("rose/1.jpg");
        DatasetHeader? header = null;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Upload = async stream =>
            {
                await foreach (var message in stream.ReadAllAsync(Cancel))
                    header = message.Header ?? header;
                return new UploadDatasetResponse
                {
                    Dataset = new Dataset { Name = "datasets/" + First, DisplayName = "earlier" },
                    Problems = { new DatasetProblem { Label = "tulip", Reason = "NO_TRAINING_PHOTOS", Message = "Class 'tulip' is empty.", Severity = ProblemSeverity.LeftOut } },
                    ProblemCount = 30,
                };
            },
        });

        var run = await CommandRun.OfAsync(Cancel, "datasets", "upload", path, "--server", service.Address);

        Assert.True(run.ExitCode == ExitCodes.Ok, run.Error);
        Assert.Equal(("holiday", ArchiveFormat.Zip), (header?.DisplayName, header?.Archive));
        Assert.Contains("datasets/" + First, run.Output, StringComparison.Ordinal);
        Assert.Contains("LEFT OUT A CLASS: Class 'tulip' is empty.", run.Error, StringComparison.Ordinal);
        Assert.Contains("bit datasets show 0123456789ab --problems", run.Error, StringComparison.Ordinal);
        Assert.Contains("stored before, as 'earlier'", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("datasets", "upload")]
    [InlineData("finetune", "--model=flowers")]
    public async Task Upload_FileThatIsNoArchive_IsRefusedBeforeTheServerIsAsked(params string[] command)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "photo.zip");
        File.WriteAllText(path, "no archive");

        var run = await CommandRun.OfAsync(Cancel, [.. command, path, "--server", "http://127.0.0.1:1"]);

        Assert.Equal(ExitCodes.Refused, run.ExitCode);
        Assert.Contains("no ZIP archive", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("./absent", ExitCodes.Refused, "There is no folder ./absent")]
    [InlineData("absent.zip", ExitCodes.Refused, "There is no folder absent.zip")]
    [InlineData("absent", ExitCodes.NotFound, "There is no folder or archive absent here, and no data set")]
    public async Task FineTune_DataThatIsNowhere_SaysWhatWasLookedFor(string data, int exitCode, string expected)
    {
        await using var service = await FakeService.StartAsync(TwoDataSets());

        var run = await CommandRun.OfAsync(Cancel, "finetune", data, "--model", "flowers", "--server", service.Address);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_ByItsName_DeletesThatOne()
    {
        var deleted = new List<string>();
        var answers = TwoDataSets();
        answers.DeleteDataset = name =>
        {
            deleted.Add(name);
            return new Empty();
        };
        await using var service = await FakeService.StartAsync(answers);

        var run = await CommandRun.OfAsync(Cancel, "datasets", "delete", "garden", "--json", "--server", service.Address);

        Assert.Equal(["datasets/" + First], deleted);
        Assert.True(run.Json.GetProperty("deleted").GetBoolean());
    }

    private static FakeAnswers TwoDataSets()
    {
        var garden = new Dataset
        {
            Name = "datasets/" + First, DisplayName = "garden", ProblemCount = 12,
            Classes =
            {
                new DatasetClass { Label = "daisy", TrainPhotoCount = 1 },
                new DatasetClass { Label = "rose", TrainPhotoCount = 30, ValidationPhotoCount = 10 },
            },
        };
        var problems = Enumerable.Range(0, 12).Select(index => new DatasetProblem
        {
            FileName = $"bad{index}.jpg", Label = "rose", Reason = "CORRUPT", Message = "Broken.", Severity = ProblemSeverity.LeftOut,
        });
        return new FakeAnswers
        {
            ListDatasets = _ => new ListDatasetsResponse { Datasets = { new Dataset { Name = "datasets/" + Second, DisplayName = "other" }, garden } },
            GetDataset = name => name == garden.Name ? garden : throw new RpcException(new Status(StatusCode.NotFound, "There is no data set.")),
            ListProblems = _ => new ListDatasetProblemsResponse { Problems = { problems } },
        };
    }
}
