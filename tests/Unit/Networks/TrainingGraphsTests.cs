using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Networks;

/// <summary>What accumulation and MixUp mean, on the graphs that train.</summary>
public sealed class TrainingGraphsTests : IDisposable
{
    private const int Size = 32;
    private static readonly BitNetwork Network = BitNetwork.ByName("bit-tiny");
    private readonly TemporaryFolder _folder = new();
    private readonly WeightSet _weights = Initializers.Create(Network, 3, seed: 2).WithHead(3, Head(), [0.1f, 0, -0.1f]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Accumulation_OverTwoMicroBatches_IsTheGradientOfTheWholeBatch()
    {
        using var whole = Engine(batchSize: 4, accumulationSteps: 1);
        using var halves = Engine(batchSize: 2, accumulationSteps: 2);
        var images = Images(4);
        Fill(whole, images, [0, 1, 2, 1], [0, 1, 2, 3]);
        var loss = whole.AccumulateMicroBatch(1);
        Fill(halves, images[..(images.Length / 2)], [0, 1], [0, 1]);
        var first = halves.AccumulateMicroBatch(1);
        Fill(halves, images[(images.Length / 2)..], [2, 1], [0, 1]);
        var second = halves.AccumulateMicroBatch(1);

        Assert.Equal(loss, (first + second) / 2, 1e-5f);
        AssertSameGradients(whole, halves);
    }

    [Fact]
    public void Step_AfterAStep_StartsANewGradient()
    {
        using var engine = Engine(batchSize: 2, accumulationSteps: 1);
        Fill(engine, Images(2), [0, 1], [0, 1]);
        engine.AccumulateMicroBatch(1);
        var first = engine.Gradients(0).ToArray();
        engine.Step(0);
        engine.AccumulateMicroBatch(1);

        Assert.Equal(first, engine.Gradients(0).ToArray());
        Assert.Throws<InvalidOperationException>(() =>
        {
            engine.Step(0);
            engine.Step(0);
        });
    }

    [Fact]
    public void Mixup_WithLambda_IsTheMixOfImagesAndOfLosses()
    {
        const float lambda = 0.3f;
        using var mixed = Engine(batchSize: 2, accumulationSteps: 1);
        var images = Images(2);
        Fill(mixed, images, [0, 2], [1, 0]);
        var loss = mixed.AccumulateMicroBatch(lambda);

        // The same by hand: mixed images, once with the labels and once with the partners' labels.
        var half = images.Length / 2;
        var byHand = images.Select((value, index) => lambda * value + (1 - lambda) * images[(index + half) % images.Length]).ToArray();
        using var plain = Engine(batchSize: 2, accumulationSteps: 1);
        Fill(plain, byHand, [0, 2], [0, 1]);
        var own = plain.AccumulateMicroBatch(1);
        Fill(plain, byHand, [2, 0], [0, 1]);
        plain.Step(0);
        var partners = plain.AccumulateMicroBatch(1);

        Assert.Equal(lambda * own + (1 - lambda) * partners, loss, 1e-5f);
    }

    [Fact]
    public void Optimizer_TwoSteps_FollowMomentumAndDecay()
    {
        const float rate = 0.1f;
        const float decay = 0.01f;
        using var engine = Engine(batchSize: 2, accumulationSteps: 1, momentum: 0.9f, decay);
        Fill(engine, Images(2), [0, 1], [0, 1]);
        var kernel = Index(NetworkParameters.HeadKernelName);
        var bias = Index(NetworkParameters.HeadBiasName);
        var (w, m) = (engine.Weights(kernel)[5], 0f);
        var (wBias, mBias) = (engine.Weights(bias)[1], 0f);
        for (var step = 0; step < 2; step++)
        {
            engine.AccumulateMicroBatch(1);
            m = 0.9f * m + engine.Gradients(kernel)[5] + decay * w;
            w -= rate * m;
            mBias = 0.9f * mBias + engine.Gradients(bias)[1];
            wBias -= rate * mBias;
            engine.Step(rate);

            Assert.Equal(w, engine.Weights(kernel)[5], 1e-6f);
            Assert.Equal(m, engine.Momenta(kernel)[5], 1e-6f);
            Assert.Equal(wBias, engine.Weights(bias)[1], 1e-6f);
        }
    }

    /// <summary>Whoever evaluates the same weights on the same photos must get the same bits, however many photos fit into a batch.</summary>
    [Fact]
    public void Evaluation_OfAnyBatch_HasTheSameOperators_AndTrainingTilesWhereItPays()
    {
        Assert.Equal(Operators(TrainingGraphs.Evaluation(Network, new TrainingGraphSizes(3, 1, 64))), Operators(TrainingGraphs.Evaluation(Network, new TrainingGraphSizes(3, 64, 64))));
        var (few, many) = (TrainingGraphs.Training(Network, new TrainingGraphSizes(3, 1, 64)), TrainingGraphs.Training(Network, new TrainingGraphSizes(3, 64, 64)));
        Assert.True(Operators(few).Count(name => name == "Convolution") < Operators(many).Count(name => name == "Convolution"));
    }

    private static string[] Operators(BiT.Graphs.Graph graph) => [.. graph.Nodes.Select(node => node.Operator)];

    // The forms differ by rounding alone: gradients by some 1e-5 of their size, or by some 1e-2 where rounding decides whether a ReLU is open. From
    // there the runs drift apart, as those of any two machines, so that later steps are compared by their losses.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FusedGraph_WithAndWithoutKernels_TrainsLikeThePlainOne(bool kernels)
    {
        using var plain = Engine(batchSize: 4, accumulationSteps: 2, decay: 0.01f, fused: false);
        using var fused = Engine(batchSize: 4, accumulationSteps: 2, decay: 0.01f, kernels: kernels);
        foreach (var engine in (TrainingEngine[])[plain, fused])
            Fill(engine, Images(4), [0, 1, 2, 1], [3, 0, 1, 2]);
        for (var step = 0; step < 3; step++)
        {
            for (var microBatch = 0; microBatch < 2; microBatch++)
                Assert.Equal(plain.AccumulateMicroBatch(0.7f), fused.AccumulateMicroBatch(0.7f), 1e-3f);
            if (step == 0)
                AssertSameGradients(plain, fused, tolerance: 0.02);
            plain.Step(0.001f);
            fused.Step(0.001f);
        }
    }

    private int Index(string name) => _weights.Parameters.Select((parameter, index) => (parameter, index)).First(entry => entry.parameter.Name == name).index;

    private static float[] Head() => [.. Enumerable.Range(0, 3 * Network.FeatureCount).Select(index => 0.01f * MathF.Sin(index))];

    private TrainingEngine Engine(
        int batchSize, int accumulationSteps, float momentum = 0.9f, float decay = 0, bool fused = true, bool kernels = true)
    {
        var cache = new ArtifactCache(_folder.Path);
        var engine = new TrainingEngine(
            cache.GetOrWrite(TrainingGraphs.Training(Network, new TrainingGraphSizes(3, batchSize, Size, accumulationSteps, fused))),
            cache.GetOrWrite(OptimizerGraph.Build(_weights.Parameters, momentum, decay, fused)), _weights.Parameters,
            new RuntimeOptions { ManagedKernels = kernels });
        for (var index = 0; index < _weights.Parameters.Count; index++)
            _weights[_weights.Parameters[index].Name].CopyTo(engine.Weights(index));
        return engine;
    }

    private static float[] Images(int count)
    {
        var random = new Random(9);
        return [.. Enumerable.Range(0, count * 3 * Size * Size).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static void Fill(TrainingEngine engine, float[] images, long[] labels, long[] permutation)
    {
        images.CopyTo(engine.Inputs);
        labels.CopyTo(engine.Labels);
        permutation.CopyTo(engine.Permutation);
    }

    // Two sums of float32 in another order: relative to the largest element, 1e-4 leaves room for ReLU switching on rounding.
    private void AssertSameGradients(TrainingEngine expected, TrainingEngine actual, double tolerance = 1e-3)
    {
        for (var index = 0; index < _weights.Parameters.Count; index++)
        {
            var (a, b) = (expected.Gradients(index).ToArray(), actual.Gradients(index).ToArray());
            var difference = Math.Sqrt(a.Zip(b).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
            var norm = Math.Sqrt(a.Sum(value => (double)value * value));
            Assert.True(difference <= tolerance * norm + 1e-7, $"{_weights.Parameters[index].Name}: {difference} of {norm}");
        }
    }
}
