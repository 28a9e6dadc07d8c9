using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Tests.Unit.Planning;
using BiT.Training.Artifacts;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Loop;

public sealed class GradientGuardTests : IDisposable
{
    private const int Side = 32;

    private static readonly BitNetwork Network = BitNetwork.ByName("bit-tiny");

    private readonly TemporaryFolder _folder = new();
    private readonly WeightSet _weights = Initializers.Create(Network, 3, seed: 2);
    private readonly TrainingEngine _engine;

    public GradientGuardTests()
    {
        var cache = new ArtifactCache(_folder.Path);
        _engine = new TrainingEngine(cache.GetOrWrite(TrainingGraphs.Training(Network, new TrainingGraphSizes(3, 2, Side))),
            cache.GetOrWrite(OptimizerGraph.Build(_weights.Parameters, 0.9f, 0)), _weights.Parameters, new RuntimeOptions());
        for (var index = 0; index < _weights.Parameters.Count; index++)
            _weights[_weights.Parameters[index].Name].CopyTo(_engine.Weights(index));
        for (var index = 0; index < _engine.Inputs.Length; index++)
            _engine.Inputs[index] = MathF.Sin(index);
        _engine.Labels[1] = 2;
        _engine.Permutation[1] = 1;
        _engine.AccumulateMicroBatch(1);
    }

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Norms_AreThoseOfAllParametersTogether()
    {
        double gradient = 0, weight = 0;
        for (var index = 0; index < _weights.Parameters.Count; index++)
        {
            foreach (var value in _engine.Gradients(index))
                gradient += (double)value * value;
            foreach (var value in _engine.Weights(index))
                weight += (double)value * value;
        }

        // Float32 sums of up to a million squares, of one sign: within 1e-4.
        Assert.Equal(1, (_engine.GradientNorm() ?? 0) / Math.Sqrt(gradient), 1e-4);
        Assert.Equal(1, _engine.WeightNorm() / Math.Sqrt(weight), 1e-4);
    }

    [Fact]
    public void WeightsExceed_SaysWhatTheirNormSays()
    {
        var norm = _engine.WeightNorm();

        Assert.All((double[])[0, norm / 100, norm * 0.9999], length => Assert.True(_engine.WeightsExceed(length)));
        Assert.All((double[])[norm * 1.0001, norm * 100, double.PositiveInfinity, double.NaN], length => Assert.False(_engine.WeightsExceed(length)));
        _engine.Weights(0)[0] = float.NaN;
        Assert.False(_engine.WeightsExceed(0), "A length that is not a number exceeds nothing: the guard then takes the whole norm, and stops.");
        _engine.Weights(0)[0] = float.PositiveInfinity;
        Assert.False(_engine.WeightsExceed(1), "Nor does one without end.");
    }

    [Fact]
    public void Check_AStepAsLongAsTheWeights_StopsWithStepNormsAndSetting()
    {
        var guard = new GradientGuard(Plan("full", batch: 4096, crop: 128));
        var limit = _engine.WeightNorm() / (_engine.GradientNorm() ?? 0);

        guard.Check(7, limit * 0.99, _engine);
        guard.Check(7, 0, _engine);
        var problem = Assert.Throws<TrainingDivergedException>(() => guard.Check(7, limit * 1.01, _engine));

        Assert.Contains("exploded at step 7", problem.Message, StringComparison.Ordinal);
        Assert.Contains("1.01 times", problem.Message, StringComparison.Ordinal);
        Assert.Contains("Lower learning_rate (it is ", problem.Message, StringComparison.Ordinal);
        Assert.Contains("warmup_steps (it is ", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Check_AGradientThatIsNotFinite_StopsOfBothMethods(float value)
    {
        _engine.Weights(0)[0] = value;
        _engine.AccumulateMicroBatch(1);

        foreach (var method in (string[])["full", "head"])
        {
            var guard = new GradientGuard(Plan(method, batch: 4096, crop: 128));
            var problem = Assert.Throws<TrainingDivergedException>(() => guard.Check(16, 0.1, _engine));
            Assert.Contains("gradient is not finite at step 16", problem.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Check_OfAHead_DoesNotMindALongStep() => new GradientGuard(Plan("head", batch: 4096, crop: 128)).Check(16, 1e9, _engine);

    // 2^17 pixels: 8 photos of 128 x 128, 128 of 32 x 32.
    [Theory]
    [InlineData(8, 128, 1)]
    [InlineData(512, 480, 1)]
    [InlineData(7, 128, 2)]
    [InlineData(128, 32, 1)]
    [InlineData(127, 32, 2)]
    [InlineData(1, 32, 128)]
    public void Interval_FollowsThePixelsOfAStep(int batch, int crop, long expected)
    {
        var guard = new GradientGuard(Plan("full", batch, crop));

        Assert.Equal(expected, guard.Interval);
        if (expected > 1)
            guard.Check(expected + 1, 1e9, _engine);
        Assert.Throws<TrainingDivergedException>(() => guard.Check(expected * 3, 1e9, _engine));
    }

    private static TrainingPlan Plan(string method, int batch, int crop) => Recipes.Resolve(PlanRequests.For("lite", method: method,
        overrides: new FineTuneOverrides { BatchSize = batch, MicroBatchSize = 1, Crop = crop, Resize = crop }));
}
