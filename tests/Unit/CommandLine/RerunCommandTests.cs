using BiT.CommandLine;
using BiT.Protocol.V1;
using BiT.Tests.Unit.Client;

namespace BiT.Tests.Unit.CommandLine;

public sealed class RerunCommandTests
{
    private const string Original = """
        {"inferenceGraph":"g1","weights":"w1","report":"r1","lineage":{"finalState":"\"s1\"","fingerprint":"\"f1\"","codeVersion":"\"1\"","baseHash":"null"}}
        """;

    [Fact]
    public async Task Rerun_ThatPublishesTheSame_ExitsWithZero()
    {
        var run = await RunAsync(Original);

        Assert.True(run.ExitCode == ExitCodes.Ok, run.Error);
        Assert.True(run.Json.GetProperty("identical").GetBoolean());
        Assert.Equal(["infer.onnx", "weights.npz", "report.json", "final state"],
            run.Json.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("name").GetString()));
        Assert.Empty(run.Json.GetProperty("causes").EnumerateArray());
    }

    [Theory]
    [InlineData("\"g1\"", "\"g2\"", "infer.onnx")]
    [InlineData("\"w1\"", "\"w2\"", "weights.npz")]
    [InlineData("s1", "s2", "final state")]
    [InlineData("\"report\":\"r1\",", "", "report.json")]
    public async Task Rerun_ThatPublishesSomethingElse_NamesItAndExitsWithOne(string before, string after, string part)
    {
        var run = await RunAsync(Original.Replace(before, after, StringComparison.Ordinal));

        Assert.Equal(ExitCodes.Failed, run.ExitCode);
        Assert.False(run.Json.GetProperty("identical").GetBoolean());
        Assert.Equal(part, Assert.Single(run.Json.GetProperty("parts").EnumerateArray(), item => !item.GetProperty("identical").GetBoolean())
            .GetProperty("name").GetString());
    }

    [Fact]
    public async Task Rerun_ElsewhereOrByOtherCode_TellsWhatMayBeTheCause()
    {
        var run = await RunAsync(Original.Replace("f1", "f2", StringComparison.Ordinal));

        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Equal("The fingerprint differs: 'f1' then, 'f2' now.", Assert.Single(run.Json.GetProperty("causes").EnumerateArray()).GetString());
    }

    private static async Task<CommandRun> RunAsync(string rerunManifest)
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            GetJob = name => Job(name, name == "fineTuneJobs/j1" ? 1 : 2),
            RerunJob = name => name == "fineTuneJobs/j1" ? new FineTuneJob { Name = "fineTuneJobs/j2", State = JobState.Queued } : throw new InvalidOperationException(name),
            Watch = (request, writer, _) => writer.WriteAsync(
                new FineTuneJobEvent { Cursor = 1, State = JobState.Succeeded, Job = Job(request.Name, 2) }),
            GetVersion = name => new ModelVersion { Name = name, ManifestJson = name.EndsWith("/1", StringComparison.Ordinal) ? Original : rerunManifest },
        });
        return await CommandRun.OfAsync(TestContext.Current.CancellationToken, "jobs", "rerun", "j1", "--server", service.Address, "--json");
    }

    private static FineTuneJob Job(string name, int version) => new()
    {
        Name = name, State = JobState.Succeeded, Done = true, ModelVersion = $"models/flowers/versions/{version}", Spec = new FineTuneSpec { Model = "models/flowers" },
    };
}
