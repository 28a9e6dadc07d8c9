using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Artifacts;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Weights;

namespace BiT.Training.Worker;

/// <summary>Resolves the plan of a job and the weights that it starts from.</summary>
internal sealed class JobPlanner(Workspace workspace, ArtifactCache artifacts, TrainerOptions options, CancellationToken stop)
{
    /// <summary>The plan of the first attempt, or a new one.</summary>
    /// <exception cref="PlanException">What was asked for contradicts itself or the data set.</exception>
    /// <exception cref="NetworkException">The network is unknown.</exception>
    /// <exception cref="TrainingRuntimeException">The engine that was asked for is not part of this build.</exception>
    public TrainingPlan Plan(JobRecord job, DatasetRecord dataset)
    {
        RequireEngine(job.Spec);
        // A resumed job keeps its plan: another machine's measurements must not change it half-way.
        return job.PlanJson is { } stored ? TrainingPlan.FromJson(stored) : Resolve(job.Spec, dataset);
    }

    /// <summary>A new plan.</summary>
    /// <inheritdoc cref="Plan" path="/exception"/>
    public TrainingPlan Resolve(FineTuneSpec spec, DatasetRecord dataset)
    {
        RequireEngine(spec);
        var known = spec.Base is { } id ? FindBase(id).Manifest : null;
        var baseNetwork = known?.Network;
        var facts = DatasetFacts.Of(dataset);
        var network = BitNetwork.ByName(spec.Network ?? baseNetwork ?? PlanAssembly.DefaultNetwork);
        var memory = new MemoryBudget(network, facts.Labels.Count, options.MemoryBytes, ManagedKernels.AreUsed(options.Runtime));
        var backbone = spec.Base is null && spec.Recipe != "scratch" ? ShippedBackbones.Find(network) : null;
        var request = new PlanRequest
        {
            Spec = spec with { Network = network.Name },
            Data = facts,
            BaseNetwork = baseNetwork,
            BaseKnowsClasses = known is not null && known.Labels.SequenceEqual(facts.Labels, StringComparer.Ordinal),
            Backbone = backbone,
            LargestCrop = ShippedBackbones.Has(network) ? ShippedBackbones.LargestCrop : null,
            LargestHeadCrop = ShippedBackbones.Has(network) ? ShippedBackbones.LargestHeadCrop : null,
            TuneRate = ShippedBackbones.Has(network) ? ShippedBackbones.TuneRate : null,
            MaxMicroBatch = memory.MaxMicroBatch,
            SecondsPerImage = Measure(network, facts.Labels.Count, memory),
        };
        return Recipes.Resolve(request);
    }

    /// <summary>sha256 of the weights that a run starts from; null if they are random.</summary>
    public string? BaseHash(TrainingPlan plan) => plan.Base is { } id ? FindBase(id).Manifest.Weights : plan.Backbone?.Sha256;

    /// <summary>The weights that a run starts from: the base's, the shipped backbone's, or random ones. The head is the base's if that knows
    /// the same classes; otherwise it answers 0.</summary>
    public WeightSet InitialWeights(TrainingPlan plan)
    {
        var network = BitNetwork.ByName(plan.Network);
        if (plan.Backbone is { } backbone)
            return ShippedBackbones.Read(backbone, network).WithZeroHead(plan.ClassCount);
        if (plan.Base is not { } id)
            return Initializers.Create(network, plan.ClassCount, plan.Seed);
        var version = FindBase(id);
        var weights = version.Manifest.Weights ?? throw new PlanException([$"The base {id} was imported as a graph for inference, whose weights are folded: "
            + "nothing can be trained from it. Choose a version that has weights, or import them as npz."]);
        var known = NpzWeights.Read(workspace.Blobs.PathOf(weights), network);
        if (!version.Manifest.Labels.SequenceEqual(plan.Labels, StringComparer.Ordinal))
            return known.WithZeroHead(plan.ClassCount);
        if (version.Manifest.Head is not { } blob)
            return known;
        var head = NpzWeights.ReadHead(workspace.Blobs.PathOf(blob));
        return known.WithHead(head.ClassCount, head.Kernel, head.Bias);
    }

    /// <exception cref="StoreNotFoundException">There is no such data set.</exception>
    public static DatasetRecord FindDataset(Workspace workspace, string id) => workspace.Datasets.Find(id)
        ?? throw new StoreNotFoundException($"Data set {id} does not exist (any more). Upload it again and submit the job anew.");

    // Before anything is measured.
    private static void RequireEngine(FineTuneSpec spec)
    {
        if (spec.Engine == FineTuneSpec.OrtTrainingEngine)
            TrainingRuntime.Require();
    }

    private ModelVersionRecord FindBase(ModelVersionId id) =>
        workspace.Models.FindVersion(id) ?? throw new StoreNotFoundException($"The base {id} does not exist (any more). Name a version that does.");

    // Weights do not matter for speed; they are made once, and only if something is measured.
    private Func<string, int, int, double> Measure(BitNetwork network, int classCount, MemoryBudget memory)
    {
        SpeedMeasurement? measurement = null;
        return (method, crop, microBatch) =>
        {
            measurement ??= new SpeedMeasurement(Initializers.Create(network, classCount, seed: 0), artifacts, options.Runtime, stop);
            return measurement.SecondsPerImage(method, crop, method == "head" ? memory.ForwardBatch(crop) : microBatch);
        };
    }
}
