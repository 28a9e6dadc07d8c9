using BiT.Training.Planning;
using BiT.Training.Pretraining;

namespace BiT.Tests.Unit.Pretraining;

public sealed class PretrainingPlannerTests : IDisposable
{
    private const long Memory = 4L << 30;

    private readonly TemporaryFolder _folder = new();
    private readonly PhotoSet _set;

    public PretrainingPlannerTests() =>
        _set = PhotoSet.Open([PhotoFiles.Folder(Path.Combine(_folder.Path, "photos"), PhotoFiles.Squares(perClass: 30, side: 4))], null);

    public void Dispose()
    {
        _set.Dispose();
        _folder.Dispose();
    }

    // 90 photos, batch 9, 9 epochs: 90 steps.
    [Theory]
    [InlineData(0, 0.0)]
    [InlineData(5, 0.01)]
    [InlineData(10, 0.02)]
    [InlineData(50, 0.01)]
    [InlineData(30, 0.0170710678)] // 0.02 * (1 + cos(pi / 4)) / 2
    [InlineData(70, 0.0029289322)]
    public void Cosine_Rate_FollowsTheClosedForm(int step, double expected) =>
        Assert.Equal(expected, Plan(Request with { LearningRate = 0.02, WarmupSteps = 10 }).Schedule.RateAt(step) ?? -1, 1e-9);

    [Theory]
    [InlineData(0, 0.0)]
    [InlineData(5, 0.01)]
    [InlineData(30, 0.02)]
    [InlineData(31, 0.002)]
    [InlineData(60, 0.002)]
    [InlineData(61, 0.0002)]
    [InlineData(81, 0.00002)]
    [InlineData(89, 0.00002)]
    public void Staircase_Rate_FallsToATenthAfterAThirdTwoThirdsAndEightNinths(int step, double expected) =>
        Assert.Equal(expected, Plan(Request with { LearningRate = 0.02, WarmupSteps = 10, Schedule = ScheduleShape.Staircase }).Schedule.RateAt(step) ?? -1, 1e-12);

    // 0.03 * batch / 256, or the higher rate for small batches.
    [Theory]
    [InlineData(256, 0.03)]
    [InlineData(512, 0.06)]
    [InlineData(64, 0.012)]
    [InlineData(19, 0.006)]
    public void Rate_ByDefault_FollowsTheBatch(int batch, double expected) =>
        Assert.Equal(expected, Plan(Request with { BatchSize = batch, MicroBatchSize = 1, WarmupSteps = 0 }).Schedule.BaseRate, 1e-12);

    [Theory]
    [InlineData(9, 9, 90)]
    [InlineData(9, 0.05, 1)]
    [InlineData(8, 1, 12)] // 11.25: a photo more rather than one less.
    [InlineData(64, 30, 43)]
    public void Steps_Cover_TheEpochs(int batch, double epochs, int expected)
    {
        var plan = Plan(Request with { BatchSize = batch, Epochs = epochs });

        Assert.Equal(expected, plan.Schedule.Steps);
        Assert.InRange(plan.EpochAt(plan.Schedule.Steps), epochs, epochs + (double)batch / 90);
    }

    [Fact]
    public void Plan_Json_ReadsBack()
    {
        var plan = Plan(Request);
        var again = PretrainingPlan.FromJson(plan.ToJson());

        Assert.Equal(plan.ToJson(), again.ToJson());
        Assert.Equal(plan.Hash, again.Hash);
        Assert.Empty(plan.Differences(again));
        Assert.Throws<System.Text.Json.JsonException>(() => PretrainingPlan.FromJson("{}"u8.ToArray()));
        Assert.Throws<System.Text.Json.JsonException>(() => PretrainingPlan.FromJson((plan with { Format = "other" }).ToJson()));
    }

    [Fact]
    public void Plan_ThatDoesNotFitIntoMemory_NamesTheMicroBatchThatDoes()
    {
        var problem = Assert.Throws<PlanException>(() => PretrainingPlanner.Plan(Request with { BatchSize = 2048 }, _set.Labels, _set.Photos, _set.Photos, weights: null, 400L << 20));

        Assert.Matches("at most [1-9][0-9]* do", problem.Message);
    }

    private PretrainingPlan Plan(PretrainingRequest request) => PretrainingPlanner.Plan(request, _set.Labels, _set.Photos, _set.Photos, weights: null, Memory);

    private static PretrainingRequest Request => new()
    {
        Network = "bit-tiny", ImageSize = 32, BatchSize = 9, Epochs = 9, Schedule = ScheduleShape.Cosine, WeightDecay = 1e-4, MixupAlpha = 0,
        Crop = new RandomResizedCrop(0.25, 1, 0.75, 4.0 / 3), Flip = true, Seed = 1, EvaluationEpochs = 1, HoldOut = 0,
    };
}
