using System.CommandLine;
using BiT.Bench.Products;
using BiT.Bench.Workloads;
using BiT.Graphs;
using BiT.Training.Artifacts;

namespace BiT.Bench.Verbs;

/// <summary><c>bench infer</c>: a forward pass of infer.onnx on managed kernels, of its plain forms, and of the network without norms.</summary>
internal sealed record InferVerb() : ComparisonVerb("infer", "Measures a forward pass of infer.onnx.", ["instance", "layer"])
{
    public static Command Create() => new InferVerb().CreateCommand();

    protected override ITimedForm Open(string form, Workload workload, ArtifactCache artifacts) => new Inference(workload, form switch
    {
        ManagedForm => InferenceNorm.Managed,
        "instance" => InferenceNorm.Instance,
        "layer" => InferenceNorm.Layer,
        _ => InferenceNorm.None,
    }, artifacts);

    protected override double Operations(Workload workload) => ProductNodes.Operations(
        Inference.Graph(workload, InferenceNorm.None, (_, shape) => Tensor.Of(shape, new float[shape.ElementCount])), workload.Batch);

    protected override string HashOfPlainForms(Workload workload) => PlainGraphs.HashOfInference(workload);
}
