using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Graphs;
using BiT.Training.Artifacts;
using BiT.Training.Planning;
using BiT.Training.Worker;

namespace BiT.Tests.Unit.Worker;

public sealed class JobPlannerTests : IDisposable
{
    private const long MiB = 1 << 20;

    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;

    public JobPlannerTests() => _workspace = Workspace.Open(_folder.Path, TimeProvider.System);

    public void Dispose()
    {
        _workspace.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("full")]
    [InlineData("head")]
    public void Plan_LargestNetwork_IsPlannedWhereItFitsIntoMemory(string method)
    {
        Assert.Throws<PlanException>(() => Plan("R152x4", method, memoryBytes: 1L << 30));
        Assert.Equal("R152x4", Plan("R152x4", method, memoryBytes: 1L << 50).Network);
    }

    [Fact]
    public void Plan_MemoryForTheHeadAlone_RefusesFullAndPlansHead()
    {
        Assert.Contains("method head", Assert.Throws<PlanException>(() => Plan("R50x1", "full", 400 * MiB)).Message);
        var plan = Plan("R50x1", "head", 400 * MiB);
        Assert.Equal((512, 512), (plan.BatchSize, plan.MicroBatchSize));
    }

    [Fact]
    public void Error_OfAGraph_HasAReasonOfItsOwn()
    {
        var error = JobErrors.Of(new GraphException("Shapes do not broadcast."));

        Assert.Equal(new JobError("INVALID_GRAPH", "Shapes do not broadcast."), error);
    }

    [Fact]
    public void Plan_EngineThatIsNotPartOfTheBuild_SaysWhatToBuild()
    {
        var problem = Assert.Throws<TrainingRuntimeException>(() => Plan("bit-tiny", "full", 400 * MiB, FineTuneSpec.OrtTrainingEngine));

        Assert.Contains("Build the trainer with -p:OnnxRuntimeFlavor=training (see docs/ort-training.md), or leave the engine out.", problem.Message, StringComparison.Ordinal);
        Assert.Equal("ENGINE_NOT_BUILT", JobErrors.Of(problem).Reason);
    }

    private TrainingPlan Plan(string network, string method, long memoryBytes, string? engine = null)
    {
        var dataset = TinyDataset.Save(_workspace, trainPerClass: 2, validationPerClass: 1);
        var job = _workspace.Jobs.Submit(
            new FineTuneSpec { DatasetId = dataset.Id, ModelId = "squares", Network = network, Method = method, Recipe = "paper", Engine = engine }, null);
        var options = new TrainerOptions { WorkerId = "worker", MemoryBytes = memoryBytes };
        return new JobPlanner(_workspace, new ArtifactCache(_workspace.CacheFolder), options, TestContext.Current.CancellationToken).Plan(job, dataset);
    }
}
