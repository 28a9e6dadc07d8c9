using BiT.Core.Runtime;
using BiT.Graphs.Serialization;
using BiT.Training.Artifacts;
using BiT.Training.Evaluation;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Networks;

/// <summary>The folded graph that serves against the graph that training evaluates, on the same weights.</summary>
public sealed class InferenceGraphTests
{
    private const int Size = 48;

    [Theory]
    [InlineData("bit-tiny")]
    [InlineData("R50x1")]
    public void InferenceGraph_OnBytes_GivesTheLogitsOfTheEvaluationGraph(string name)
    {
        using var folder = new TemporaryFolder();
        var weights = RandomWeights(BitNetwork.ByName(name), classCount: 4);
        var bytes = new byte[3 * Size * Size * 3];
        new Random(5).NextBytes(bytes);

        var expected = Evaluate(folder.Path, weights, bytes);
        var actual = Infer(folder.Path, weights, bytes, 3);

        // Both are float32 sums in another order: a few units in the last place of values around 1.
        AssertClose(expected.Logits, actual.Logits, 1e-4f);
        AssertClose(expected.PreLogits, actual.PreLogits, 1e-4f);
    }

    [Fact]
    public void InferenceGraph_ImagesInABatch_GiveWhatTheyGiveAlone()
    {
        using var folder = new TemporaryFolder();
        var weights = RandomWeights(BitNetwork.ByName("bit-tiny"), classCount: 3);
        var bytes = new byte[4 * Size * Size * 3];
        new Random(6).NextBytes(bytes);

        var together = Infer(folder.Path, weights, bytes, 4).Logits;
        for (var image = 0; image < 4; image++)
        {
            var alone = Infer(folder.Path, weights, bytes[(image * Size * Size * 3)..((image + 1) * Size * Size * 3)], 1).Logits;
            AssertClose(together[(image * 3)..(image * 3 + 3)], alone, 1e-5f);
        }
    }

    [Fact]
    public void InferenceGraph_WithoutHead_HasPreLogitsOnly()
    {
        using var folder = new TemporaryFolder();
        var weights = RandomWeights(BitNetwork.ByName("bit-tiny"), classCount: 0);
        using var model = InferenceModel.Open(Path(folder.Path, weights), new RuntimeOptions());

        Assert.Equal((0, 1024, Size, Size), (model.ClassCount, model.FeatureCount, model.InputHeight, model.InputWidth));
    }

    // Gamma and beta other than 1 and 0, and a head other than 0, so that every weight shows.
    private static WeightSet RandomWeights(BitNetwork network, int classCount)
    {
        var random = new Random(3);
        var initial = Initializers.Create(network, classCount, seed: 1);
        return new WeightSet(network, classCount, initial.Parameters.ToDictionary(parameter => parameter.Name, parameter =>
            parameter.Kind == ParameterKind.Kernel
                ? initial[parameter.Name]
                : [.. initial[parameter.Name].Select(value => value + 0.1f * (random.NextSingle() - 0.5f))]));
    }

    private static EvaluationOutput Evaluate(string folder, WeightSet weights, byte[] bytes)
    {
        var count = bytes.Length / (Size * Size * 3);
        var cache = new ArtifactCache(folder);
        var sizes = new TrainingGraphSizes(weights.ClassCount, count, Size);
        using var evaluation = new EvaluationEngine(cache.GetOrWrite(TrainingGraphs.Evaluation(weights.Network, sizes)), new RuntimeOptions());
        var arrays = weights.Parameters.Select(parameter => new TrainedArray(parameter.Sizes)).ToArray();
        foreach (var (parameter, array) in weights.Parameters.Zip(arrays))
            weights[parameter.Name].CopyTo(array.Elements);
        for (var index = 0; index < bytes.Length; index++)
        {
            var (image, position, channel) = (index / (Size * Size * 3), index / 3 % (Size * Size), index % 3);
            evaluation.Images[(image * 3 + channel) * Size * Size + position] = (bytes[index] - 127.5f) / 127.5f;
        }
        var output = evaluation.Run([.. arrays.Select(array => array.Value)]);
        foreach (var array in arrays)
            array.Dispose();
        return output;
    }

    private static InferenceOutput Infer(string folder, WeightSet weights, byte[] bytes, int count)
    {
        using var model = InferenceModel.Open(Path(folder, weights), new RuntimeOptions());
        return model.Run(bytes, count);
    }

    private static string Path(string folder, WeightSet weights)
    {
        var path = System.IO.Path.Combine(folder, "infer.onnx");
        OnnxWriter.Write(InferenceGraph.Build(weights, Size), path);
        return path;
    }

    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - tolerance, pair.First + tolerance));
    }
}
