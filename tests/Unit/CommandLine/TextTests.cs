using BiT.Client;
using BiT.CommandLine;

namespace BiT.Tests.Unit.CommandLine;

public sealed class TextTests
{
    [Theory]
    [InlineData(0, "0:00")]
    [InlineData(65, "1:05")]
    [InlineData(3661, "1:01:01")]
    [InlineData(86400 * 2 + 60, "2 days 0:01:00")]
    [InlineData(-5, "0:00")]
    public void Duration_Seconds_ReadsLikeAClock(int seconds, string expected)
        => Assert.Equal(expected, Show.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Details_AllNumbers_FitOnOneLine()
    {
        var progress = new FineTuneProgress
        {
            Phase = "training",
            Step = 120,
            TotalSteps = 800,
            Loss = 0.41234,
            LearningRate = 0.003,
            ImagesPerSecond = 245.04,
            ValidationAccuracy = 0.87,
            BestValidationAccuracy = 0.9,
            TimeLeft = TimeSpan.FromSeconds(83),
        };

        Assert.Equal("120/800  loss 0.412  lr 0.003  245/s  val 87.0% (best 90.0%)  1:23 left", TrainingText.Details(progress));
        Assert.Equal("", TrainingText.Details(new FineTuneProgress()));
    }

    [Fact]
    public void Plan_NestedJson_FlattensInOrder()
    {
        const string plan =
            """{"steps":40,"schedule":{"boundaries":[12,24]},"why":null,"reason":"a sentence that is much too long for one line"}""";

        Assert.Equal(
            [("steps", "40"), ("schedule.boundaries", "[12,24]"), ("reason", "a sentence that is much too long for one line")],
            PlanText.Flatten(plan));
        Assert.Equal("steps 40", PlanText.OneLine(plan));
        Assert.Empty(PlanText.Flatten("no json"));
    }

    [Fact]
    public void Plan_ForATable_TellsEveryReasonAndNamesInWords()
    {
        var reason = new string('r', 200);
        var plan = $$"""{"datasetId":"d","microBatchSize":4,"schedule":{"warmupSteps":2},"timeBudget":"00:10:00","estimatedTime":"00:00:02.0379999","reasons":["{{reason}}","b"]}""";

        Assert.Equal(
            [("why", reason), ("", "b"), ("plan: micro batch size", "4"), ("plan: schedule warmup steps", "2"), ("plan: time budget", "10 min"), ("plan: estimated time", "3 s")],
            PlanText.Rows(plan));
        Assert.Equal("micro batch size 4, time budget 10 min, estimated time 3 s", PlanText.OneLine(plan)["dataset id d, ".Length..]);
        Assert.Empty(PlanText.Rows("no json"));
    }

    [Theory]
    [InlineData(0.4, "1 s")]
    [InlineData(59, "59 s")]
    [InlineData(871, "15 min")]
    [InlineData(12_000, "3 h 20 min")]
    public void Roughly_TellsTheUnit(double seconds, string expected) => Assert.Equal(expected, Show.Roughly(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("There is no model 'models/rose'. ListModels shows those that exist.", "There is no model 'models/rose'. `bit models` shows those that exist.")]
    [InlineData("Point it at a version with SetAlias; ListModelVersions shows those.", "Point it at a version with `bit models promote`; `bit models versions` shows those.")]
    [InlineData("ListModelsX is no call.", "ListModelsX is no call.")]
    public void Message_NamingCalls_NamesCommands(string message, string expected) => Assert.Equal(expected, CommandHints.InCommands(message));

    [Theory]
    [InlineData("flowers", "models/flowers")]
    [InlineData("models/flowers@canary", "models/flowers@canary")]
    [InlineData("flowers/versions/3", "models/flowers/versions/3")]
    public void ResourceName_Model_AcceptsIdsAndNames(string given, string expected) => Assert.Equal(expected, ResourceName.Model(given));
}
