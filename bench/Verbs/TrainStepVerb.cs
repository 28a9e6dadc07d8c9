using System.CommandLine;
using BiT.Bench.Products;
using BiT.Bench.Workloads;
using BiT.Training.Artifacts;

namespace BiT.Bench.Verbs;

/// <summary><c>bench train-step</c>: a training step on managed kernels, on plain operators, and its convolutions and products alone.</summary>
internal sealed record TrainStepVerb() : ComparisonVerb(
    "train-step", "Measures a training step: forward and backward pass and the optimiser's step.", ["plain"])
{
    public static Command Create() => new TrainStepVerb().CreateCommand();

    protected override ITimedForm Open(string form, Workload workload, ArtifactCache artifacts) => form switch
    {
        ManagedForm => new TrainStep(workload, fused: true, artifacts),
        "plain" => new TrainStep(workload, fused: false, artifacts),
        _ => new ProductsAlone(TrainStep.Training(workload, fused: true), workload.WithKernels(managed: true), artifacts),
    };

    protected override double Operations(Workload workload) => ProductNodes.Operations(TrainStep.Training(workload, fused: true), workload.Batch);

    protected override string HashOfPlainForms(Workload workload) => PlainGraphs.HashOfTrainStep(workload);
}
