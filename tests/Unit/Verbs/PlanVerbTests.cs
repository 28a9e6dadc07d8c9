using System.Text.Json;
using BiT.Training.Verbs;

namespace BiT.Tests.Unit.Verbs;

public sealed class PlanVerbTests
{
    private static async Task<(int Code, string Output, string Error)> Run(string commandLine)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = await TrainerCommand.RunAsync(commandLine.Split(' '), output, error);
        return (code, output.ToString(), error.ToString());
    }

    [Fact]
    public async Task Plan_Json_IsOneLineWithEveryField()
    {
        var (code, output, error) = await Run("plan --images 400 --width 320 --height 240 --json");
        Assert.Equal((0, ""), (code, error));
        Assert.Single(output.TrimEnd('\n').Split('\n'));
        JsonElement plan = JsonDocument.Parse(output).RootElement;
        Assert.Equal((512, 480), (plan.GetProperty("resize").GetInt32(), plan.GetProperty("crop").GetInt32()));
        Assert.Equal(0, plan.GetProperty("mixup_alpha").GetDouble());
        Assert.Equal(500, plan.GetProperty("steps").GetInt32());
        Assert.Equal([100, 200, 300, 400, 500], plan.GetProperty("schedule").EnumerateArray().Select(step => step.GetInt32()));
    }

    [Theory]
    [InlineData("--images 400 --width 32 --height 32", 0.003, new[] { 100, 200, 300, 400, 500 })]
    [InlineData("--images 20000 --width 32 --height 32", 0.003, new[] { 500, 3000, 6000, 9000, 10_000 })]
    [InlineData("--images 500000 --width 32 --height 32", 0.003, new[] { 500, 6000, 12_000, 18_000, 20_000 })]
    [InlineData("--images 400 --width 32 --height 32 --batch 128", 0.00075, new[] { 400, 800, 1200, 1600, 2000 })]
    [InlineData("--images 20000 --width 32 --height 32 --batch 64", 0.000375, new[] { 4000, 24_000, 48_000, 72_000, 80_000 })]
    public async Task Plan_LearningRates_CoverEachBoundaryAndTheStepAfterIt(string options, double rate, int[] schedule)
    {
        var (_, output, _) = await Run($"plan {options} --json");
        var pairs = JsonDocument.Parse(output).RootElement.GetProperty("learning_rates").EnumerateArray()
            .Select(pair => (Step: pair[0].GetInt32(), Value: pair[1].Deserialize<double?>()));
        (int Step, double? Value)[] expected =
        [
            (0, 0), (1, rate / schedule[0]),
            (schedule[0], rate), (schedule[0] + 1, rate),
            (schedule[1], rate), (schedule[1] + 1, rate / 10),
            (schedule[2], rate / 10), (schedule[2] + 1, rate / 100),
            (schedule[3], rate / 100), (schedule[3] + 1, rate / 1000),
            (schedule[4], null), (schedule[4] + 1, null),
        ];
        Assert.All(expected.Zip(pairs), both =>
        {
            Assert.Equal(both.First.Step, both.Second.Step);
            Assert.Equal(both.First.Value is null, both.Second.Value is null);
            Assert.Equal(both.First.Value ?? 0, both.Second.Value ?? 0, 1e-15);
        });
        Assert.Equal(expected.Length, pairs.Count());
    }

    [Fact]
    public async Task Plan_Table_ShowsTheStop()
    {
        var (code, output, _) = await Run("plan --images 400 --width 320 --height 240");
        Assert.Equal(0, code);
        Assert.Matches("201 +0\\.0003\n", output);
        Assert.Matches("500 +stop\n", output);
    }

    [Theory]
    [InlineData("plan --images 0 --width 5 --height 5", "--images")]
    [InlineData("plan --images 5 --width -5 --height 5", "--width")]
    [InlineData("plan --images 5 --width 5 --height 0", "--height")]
    [InlineData("plan --images 5 --width 5 --height 5 --batch 4097", "--batch")]
    [InlineData("plan --images 5 --width 5 --height 5 --batch 0", "--batch")]
    [InlineData("plan --images many --width 5 --height 5", "--images")]
    [InlineData("plan --images 5 --width 5", "--height")]
    [InlineData("plan --images 5 --width 5 --height 5 --depth 5", "--depth")]
    [InlineData("blueprint", "blueprint")]
    public async Task Plan_BadValue_IsNamedWithExitCode2(string commandLine, string named)
    {
        var (code, output, error) = await Run(commandLine);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(named, error);
    }
}
