using BiT.Bench.Workloads;
using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Bench.Workloads;

public sealed class InferenceFormTests
{
    // The forms round differently; what they compute is one function. LayerNormalization's single pass loses some digits more.
    [Theory]
    [InlineData(nameof(InferenceNorm.Instance))]
    [InlineData(nameof(InferenceNorm.Layer))]
    public void PlainForm_OfTheNetwork_ComputesWhatThePublishedOneDoes(string norm)
    {
        using var folder = new TemporaryFolder();
        var workload = new Workload(BitNetwork.ByName("bit-tiny"), 2, 32, new RuntimeOptions { IntraOpThreads = 1 });
        var weights = Initializers.Create(workload.Network, Workload.ClassCount, seed: 3);
        var images = Noise.Bytes(2 * 32 * 32 * 3, seed: 4);
        float[] PreLogits(InferenceNorm form)
        {
            var graph = Inference.Graph(workload, form, (name, shape) => InferenceGraph.Folded(weights, name, shape));
            using var model = InferenceModel.Open(new ArtifactCache(folder.Path).GetOrWrite(graph), workload.WithKernels(form == InferenceNorm.Managed));
            return model.Run(images, 2).PreLogits;
        }

        var expected = PreLogits(InferenceNorm.Managed);

        Assert.Contains(expected, value => value > 0.1f);
        foreach (var (value, other) in expected.Zip(PreLogits(Enum.Parse<InferenceNorm>(norm))))
            Assert.Equal(value, other, 1e-4f);
    }
}
