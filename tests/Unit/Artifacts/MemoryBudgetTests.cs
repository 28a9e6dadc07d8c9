using BiT.Training.Artifacts;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Artifacts;

public sealed class MemoryBudgetTests
{
    private const long MiB = 1 << 20;
    private static readonly BitNetwork Network = BitNetwork.ByName("R50x1");

    [Fact]
    public void Head_WhereFullDoesNotFit_TakesTheWholeBatch()
    {
        // 90 MiB of weights: training holds them five times over, a forward pass little more than twice.
        var budget = new MemoryBudget(Network, classCount: 5, 400 * MiB);

        Assert.Equal((0, 4096), (budget.MaxMicroBatch("full", 224), budget.MaxMicroBatch("head", 224)));
        Assert.InRange(budget.ForwardBatch(224), 1, 15);
    }

    [Fact]
    public void Head_CropThatThrottlesFull_DoesNotThrottleTheHead()
    {
        var budget = new MemoryBudget(Network, classCount: 5, 4096 * MiB);

        Assert.InRange(budget.MaxMicroBatch("full", 480), 1, 31);
        Assert.Equal((4096, 4096), (budget.MaxMicroBatch("head", 128), budget.MaxMicroBatch("head", 480)));
        Assert.Equal(16, budget.ForwardBatch(480));
    }

    [Fact]
    public void Head_BackboneThatDoesNotFit_IsRefused()
    {
        var budget = new MemoryBudget(Network, classCount: 5, 200 * MiB);

        Assert.Equal(0, budget.MaxMicroBatch("head", 32));
    }

    [Fact]
    public void Head_ThousandsOfClasses_AreLimitedByTheirOwnMemory()
    {
        const int classes = 21_843;
        var budget = new MemoryBudget(Network, classes, 2048 * MiB);

        var limit = budget.MaxMicroBatch("head", 224);

        Assert.InRange(limit, 2, 4095);
        Assert.Equal(limit, budget.MaxMicroBatch("head", 128));
        var backbone = NetworkParameters.List(Network, 0).Sum(parameter => 4L * parameter.ElementCount);
        var head = NetworkParameters.Head(Network.FeatureCount, classes).Sum(parameter => 4L * parameter.ElementCount);
        var peak = PeakMemory.Bytes(TrainingGraphs.HeadTraining(Network.FeatureCount, new TrainingGraphSizes(classes, limit, 1)));
        Assert.InRange(backbone + 5 * head + 1.4 * peak, 0, 2048 * MiB);
    }

    [Theory]
    [InlineData(128)]
    [InlineData(480)]
    public void ForwardBatch_AnyBudget_HoldsWhatItPromises(int crop)
    {
        var weights = NetworkParameters.List(Network, 0).Sum(parameter => 4L * parameter.ElementCount);
        for (var mebibytes = 300; mebibytes <= 1500; mebibytes += 300)
        {
            var budget = new MemoryBudget(Network, classCount: 5, mebibytes * MiB);
            if (budget.MaxMicroBatch("head", crop) == 0)
                continue;
            var peak = PeakMemory.Bytes(TrainingGraphs.Evaluation(Network, new TrainingGraphSizes(1, budget.ForwardBatch(crop), crop)));
            Assert.InRange(weights + 1.4 * peak, 0, mebibytes * MiB);
        }
    }
}
