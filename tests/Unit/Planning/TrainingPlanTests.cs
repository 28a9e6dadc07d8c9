using BiT.Core.Store;
using BiT.Training.Planning;

namespace BiT.Tests.Unit.Planning;

public sealed class TrainingPlanTests
{
    private static TrainingPlan Plan => Recipes.Resolve(PlanRequests.For("tutorial"));

    [Fact]
    public void Json_WrittenAndRead_IsTheSameInEveryByte()
    {
        string json = Plan.ToJson();
        Assert.Equal(json, Plan.ToJson());
        TrainingPlan read = TrainingPlan.FromJson(json);
        Assert.Equal(json, read.ToJson());
        Assert.Equal(Plan.Hash, read.Hash);
        Assert.DoesNotContain('\n', json);
        Assert.Contains("\"schedule\":{\"shape\":\"staircase\",\"baseRate\":0.000375,\"warmupSteps\":0,\"decayBoundaries\":[200,300,400],"
            + "\"steps\":4000}", json);
        Assert.Contains("\"base\":{\"modelId\":\"backbone\",\"number\":3}", json);
    }

    [Fact]
    public void Hash_WordsAndEstimate_DoNotCount()
    {
        Assert.Matches("^[0-9a-f]{64}$", Plan.Hash);
        Assert.Equal(Plan.Hash, (Plan with { Reasons = ["another"], EstimatedTime = TimeSpan.FromHours(1) }).Hash);
    }

    [Fact]
    public void Hash_AnyValue_Counts()
    {
        TrainingPlan plan = Plan;
        TrainingPlan[] others =
        [
            plan with { Seed = 1 }, plan with { Crop = 223 }, plan with { Base = null }, plan with { Momentum = 0.8 },
            plan with { Labels = [.. plan.Labels.Reverse()] }, plan with { MicroBatchSize = 32 },
            plan with { Schedule = plan.Schedule with { DecayBoundaries = [200, 300, 401] } },
        ];
        Assert.Equal(others.Length + 1, others.Select(other => other.Hash).Append(plan.Hash).Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"method\":\"full\"")]
    public void FromJson_NoPlan_IsRefused(string json) => Assert.Throws<PlanException>(() => TrainingPlan.FromJson(json));

    [Theory]
    [InlineData("\"microBatchSize\":64", "\"microBatchSize\":48", "micro_batch_size")]
    [InlineData("\"crop\":224", "\"crop\":385", "resize")]
    [InlineData("\"method\":\"head\"", "\"method\":\"tail\"", "method")]
    [InlineData("\"warmupSteps\":0", "\"warmupSteps\":4001", "warmupSteps")]
    [InlineData("[200,300,400]", "[300,200,400]", "decayBoundaries")]
    [InlineData("\"momentum\"", "\"valueOfTomorrow\":1,\"momentum\"", "valueOfTomorrow")]
    [InlineData("\"momentum\"", "\"standardizationFloor\":0,\"momentum\"", "standardizationFloor is 0; expected a number over 0")]
    [InlineData("\"method\":\"head\"", "\"method\":\"full\",\"standardizationFloor\":0.1", "standardizationFloor is set, but the method is full")]
    public void FromJson_Contradiction_IsRefused(string from, string to, string field)
    {
        string json = Plan.ToJson();
        Assert.Contains(from, json);
        var exception = Assert.Throws<PlanException>(() => TrainingPlan.FromJson(json.Replace(from, to)));
        Assert.Contains(field, exception.Message);
    }

    [Theory]
    [InlineData("full", 0.9, 0, null)]
    [InlineData("head", 0.9, 0, "method is head")]
    [InlineData("full", 0.8, 0, "momentum is 0.8")]
    [InlineData("full", 0.9, 0.1, "weight_decay is 0.1")]
    public void Engine_OfOrtTraining_TrainsWholeNetworksAsThePaperDoes(string method, double momentum, double weightDecay, string? violation)
    {
        var plan = Plan with { Engine = FineTuneSpec.OrtTrainingEngine, Method = method, Momentum = momentum, WeightDecay = weightDecay };

        var problem = Record.Exception(() => TrainingPlan.FromJson(plan.ToJson()));

        Assert.Equal(violation is null, problem is null);
        Assert.Contains(violation ?? "", problem?.Message ?? "", StringComparison.Ordinal);
    }

    // Plans from before there were engines keep their hashes.
    [Fact]
    public void Engine_OfOurOwn_IsNotWritten() => Assert.DoesNotContain("engine", Plan.ToJson(), StringComparison.Ordinal);

    [Fact]
    public void Facts_StoredDataset_CountsTheSplitsAndTheMedianOfTheTrainingPhotos()
    {
        var dataset = new DatasetRecord("id", "name", DateTimeOffset.UnixEpoch, ["a", "b"],
        [
            new Photo("1", "a", Split.Train, "h1", 10, 10, 1), new Photo("2", "a", Split.Train, "h2", 20, 20, 1),
            new Photo("3", "b", Split.Train, "h3", 30, 30, 1), new Photo("4", "b", Split.Validation, "h4", 900, 900, 1),
        ]);
        DatasetFacts facts = DatasetFacts.Of(dataset);
        Assert.Equal((3, 1, 400L, 2), (facts.TrainCount, facts.ValidationCount, facts.MedianArea, facts.Labels.Count));
    }
}
