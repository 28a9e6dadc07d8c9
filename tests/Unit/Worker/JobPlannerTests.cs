using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Graphs;
using BiT.Training.Artifacts;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Publishing;
using BiT.Training.Weights;
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
    public void InitialWeights_WithoutABase_AreTheShippedBackbonesWithAHeadThatAnswersZero()
    {
        var plan = Plan("bit-tiny", "head", 1L << 30);
        var weights = Planner().InitialWeights(plan);
        var shipped = NpzWeights.Read(Path.Combine(AppContext.BaseDirectory, "backbones", "bit-tiny.npz"), weights.Network);

        Assert.Equal("bit-tiny", plan.Backbone?.Name);
        Assert.Contains(plan.Reasons, reason => reason.Contains("backbone bit-tiny", StringComparison.Ordinal));
        Assert.All(shipped.WithoutHead().Parameters, parameter => Assert.Equal(shipped[parameter.Name], weights[parameter.Name]));
        Assert.All(weights[NetworkParameters.HeadKernelName], value => Assert.Equal(0, value));
        // It is stored, and it makes another plan of it.
        Assert.Equal(plan.Backbone, TrainingPlan.FromJson(plan.ToJson()).Backbone);
        Assert.NotEqual(plan.Hash, (plan with { Backbone = null }).Hash);
    }

    [Theory]
    [InlineData("bit-tiny", "scratch")] // asked for
    [InlineData("R50x1", "paper")] // none is shipped
    public void InitialWeights_ByRecipeScratchOrOfAnotherNetwork_AreRandom(string network, string recipe)
    {
        var plan = Plan(network, "full", 1L << 40, recipe);
        var weights = Planner().InitialWeights(plan);
        var random = Initializers.Create(weights.Network, plan.ClassCount, plan.Seed);

        Assert.Null(plan.Backbone);
        Assert.DoesNotContain("backbone", plan.ToJson().Split("reasons")[0]);
        Assert.All(weights.Parameters, parameter => Assert.Equal(random[parameter.Name], weights[parameter.Name]));
    }

    [Fact]
    public void InitialWeights_OfAPlanWithAnotherBackbone_AreRefusedWithTheCure()
    {
        var plan = Plan("bit-tiny", "full", 1L << 40);

        var problem = Assert.Throws<WeightsException>(() => Planner().InitialWeights(plan with { Backbone = new ShippedBackbone("bit-tiny", new string('0', 64)) }));

        Assert.Contains("submit it again", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("head")]
    public void InitialWeights_OfABaseOfTheSameClasses_KeepItsHead(string method)
    {
        var plan = Plan("bit-tiny", "full", 1L << 40) with { Backbone = null };
        var known = Initializers.Create(BitNetwork.ByName("bit-tiny"), 3, seed: 5);
        known = known.WithHead(3, [.. Enumerable.Range(0, known.Network.FeatureCount * 3).Select(value => (float)value)], [1, 2, 3]);
        var (same, other) = (Import(known, method, plan.Labels), Import(known, method, ["a", "b", "c"]));

        var kept = Planner().InitialWeights(plan with { Base = same });
        var replaced = Planner().InitialWeights(plan with { Base = other });

        Assert.All(known.Parameters, parameter => Assert.Equal(known[parameter.Name], kept[parameter.Name]));
        Assert.Equal([0, 0, 0], replaced[NetworkParameters.HeadBiasName]);
        Assert.All(known.WithoutHead().Parameters, parameter => Assert.Equal(known[parameter.Name], replaced[parameter.Name]));
    }

    // A sound file of the same network, in the place of another: only the hash tells.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void InitialWeights_OfABaseWhoseFileWasChanged_AreRefused(bool isHead)
    {
        var plan = Plan("bit-tiny", "full", 1L << 40) with { Backbone = null };
        var (first, second) = (Initializers.Create(BitNetwork.ByName("bit-tiny"), 3, seed: 5), Initializers.Create(BitNetwork.ByName("bit-tiny"), 3, seed: 6));
        second = second.WithHead(3, [.. Enumerable.Range(0, second.Network.FeatureCount * 3).Select(value => (float)value)], [1, 2, 3]);
        var (known, other) = (Import(first, "head", plan.Labels), Import(second, "head", plan.Labels));
        var (changed, with) = isHead ? (Manifest(known).Head ?? "", Manifest(other).Head ?? "") : (Manifest(known).Weights ?? "", Manifest(other).Weights ?? "");
        File.Copy(_workspace.Blobs.PathOf(with), _workspace.Blobs.PathOf(changed), overwrite: true);

        var problem = Assert.Throws<BlobCorruptException>(() => Planner().InitialWeights(plan with { Base = known }));

        Assert.Equal((changed, "STORE_DAMAGED"), (problem.Hash, JobErrors.Of(problem).Reason));
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
        var problem = Assert.Throws<TrainingRuntimeException>(() => Plan("bit-tiny", "full", 400 * MiB, engine: FineTuneSpec.OrtTrainingEngine));

        Assert.Contains("Build the trainer with -p:OnnxRuntimeFlavor=training (see docs/ort-training.md), or leave the engine out.", problem.Message, StringComparison.Ordinal);
        Assert.Equal("ENGINE_NOT_BUILT", JobErrors.Of(problem).Reason);
    }

    private ModelManifest Manifest(ModelVersionId id) => _workspace.Models.FindVersion(id)?.Manifest ?? throw new InvalidOperationException($"There is no {id}.");

    private ModelVersionId Import(WeightSet weights, string method, IReadOnlyList<string> labels)
    {
        var publisher = new Publisher(_workspace);
        var isHead = method == "head";
        return _workspace.Models.Import("known", new ModelManifest
        {
            Method = method,
            Network = weights.Network.Name,
            Labels = labels,
            InputSize = 32,
            InferenceGraph = publisher.StoreInferenceGraph(isHead ? weights.WithoutHead() : weights, 32, isHead ? null : labels).Model,
            Weights = publisher.StoreWeights(isHead ? weights.WithoutHead() : weights),
            Head = isHead ? publisher.StoreHead(weights) : null,
        }).Id;
    }

    private TrainingPlan Plan(string network, string method, long memoryBytes, string recipe = "paper", string? engine = null)
    {
        var dataset = TinyDataset.Save(_workspace, trainPerClass: 2, validationPerClass: 1);
        var job = _workspace.Jobs.Submit(
            new FineTuneSpec { DatasetId = dataset.Id, ModelId = "squares", Network = network, Method = method, Recipe = recipe, Engine = engine }, null);
        return Planner(memoryBytes).Plan(job, dataset);
    }

    private JobPlanner Planner(long memoryBytes = 1L << 40) => new(
        _workspace, new ArtifactCache(_workspace.CacheFolder), new TrainerOptions { WorkerId = "worker", MemoryBytes = memoryBytes },
        TestContext.Current.CancellationToken);
}
