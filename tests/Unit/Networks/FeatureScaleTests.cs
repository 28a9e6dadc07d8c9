using System.Runtime.InteropServices;
using BiT.Core.Runtime;
using BiT.Tests.Unit.Planning;
using BiT.Training.Artifacts;
using BiT.Training.Datasets;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Weights;
using CsCheck;

namespace BiT.Tests.Unit.Networks;

/// <summary>Heads of standardised features, against softmax regression written out in double precision.</summary>
public sealed class FeatureScaleTests : IDisposable
{
    private const float Rate = 0.05f;
    private const float Momentum = 0.9f;
    private const double Floor = 0.1;
    private const int F = 4;
    private const int K = 3;

    // Of sizes 100, 1 and 0.01 around large and small means; the last one never differs.
    private static readonly float[][] Features =
    [
        [300, 1, 0.02f, 7], [100, 0, 0.03f, 7], [250, 2, 0.01f, 7], [120, 3, 0.05f, 7],
    ];

    private static readonly int[] Labels = [0, 1, 2, 1];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Scale_OfFeatures_IsTheirMeanAndTheirDeviationOverTheFloor()
    {
        var scale = Scale();
        var (means, deviations) = Statistics();

        for (var f = 0; f < F; f++)
        {
            Assert.Equal(1, scale.Means[f] / means[f], 1e-5);
            Assert.Equal(1, scale.Deviations[f] / deviations[f], 1e-5);
        }
    }

    [Theory]
    [InlineData(1, 0f)]
    [InlineData(3, 0f)]
    // A rounding of 1000 apart.
    [InlineData(3, 0.0001f)]
    public void Scale_OfPhotosThatAreAllAlike_LeavesFeaturesAsTheyAre(int count, float apart)
    {
        var scale = FeatureScale.Of(count, 2, Floor, (index, record) => (record[0], record[1]) = (1000 + index % 2 * apart, -1));

        float[] features = [1000, -1];
        scale.Apply(features);
        Assert.Equal([1000, -1], features);
    }

    [Fact]
    public void Scale_OfNoPhotosOrWithoutAFloor_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FeatureScale.Of(0, 2, Floor, (_, _) => { }));
        Assert.Throws<ArgumentOutOfRangeException>(() => FeatureScale.Of(3, 2, 0, (_, _) => { }));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Scale_OfAFeatureThatIsNoNumber_IsRefusedWithThePhoto(float value)
    {
        var problem = Assert.Throws<WeightsException>(() => FeatureScale.Of(3, 2, Floor, (index, record) => (record[0], record[1]) = (index, index == 1 ? value : 0)));

        Assert.Contains("training photo 1 are not finite", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_WithAScale_IsTheOneWithoutStandardised()
    {
        var plan = Plan(accumulationSteps: 2) with { MixupAlpha = 0.2, Seed = 3 };
        var (raw, standardised) = (new StoredFeatures(new Records(), Labels, plan), new StoredFeatures(new Records(), Labels, plan, Scale()));
        for (var step = 0; step < 4; step++)
        {
            using var expected = raw.Read(step, step % 2);
            using var actual = standardised.Read(step, step % 2);
            for (var item = 0; item < plan.MicroBatchSize; item++)
                Scale().Apply(expected.Inputs.AsSpan(item * F, F));

            Assert.Equal(expected.Inputs[..(plan.MicroBatchSize * F)], actual.Inputs[..(plan.MicroBatchSize * F)]);
            Assert.Equal(expected.Labels, actual.Labels);
            Assert.Equal(expected.Permutation, actual.Permutation);
            Assert.Equal(expected.Lambda, actual.Lambda);
        }
    }

    [Theory]
    [InlineData(512, 300, 512)]
    [InlineData(2048, 1400, 2048)]
    [InlineData(8192, 1400, 2048)]
    public void Energy_OfStandardisedFeatures_StaysWhereTheUsualRateIsStable(int featureCount, double least, double most)
    {
        var random = new Random(5);
        float[][] records = [.. Enumerable.Range(0, 20).Select(_ => Enumerable.Range(0, featureCount).Select(_ => random.NextSingle()).ToArray())];
        var scale = FeatureScale.Of(records.Length, featureCount, Floor, (index, record) => records[index].CopyTo(record, 0));

        foreach (var record in records)
            scale.Apply(record);

        Assert.InRange(records.Average(record => record.Sum(value => (double)value * value)), least, most);
    }

    [Fact]
    public void Fold_OfAHead_GivesTheLogitsOfStandardisedFeaturesForTheFeaturesAsTheyAre() =>
        Gen.Select(Gen.Float[-2, 2].Array[K * F], Gen.Float[-2, 2].Array[K]).Sample((kernel, bias) =>
        {
            var scale = Scale();
            var (folded, foldedBias) = scale.Fold(kernel, bias);
            var (unfolded, unfoldedBias) = scale.Unfold(folded, foldedBias);
            foreach (var features in Features)
            {
                var standardised = features.ToArray();
                scale.Apply(standardised);
                for (var k = 0; k < K; k++)
                {
                    var expected = Logit(kernel, bias, k, standardised);
                    Assert.Equal(expected, Logit(folded, foldedBias, k, features), 1e-4);
                    Assert.Equal(expected, Logit(unfolded, unfoldedBias, k, standardised), 1e-4);
                }
            }
        });

    [Theory]
    [InlineData(1, true, 0)]
    [InlineData(2, true, 0)]
    [InlineData(2, false, 0)]
    [InlineData(1, true, 0.01)]
    public void Head_TrainedOnAStandardisedStreamAndFolded_IsSoftmaxRegressionOnStandardisedFeatures(int accumulationSteps, bool fused, double weightDecay)
    {
        // A head that knows something already: what a base with the same classes brings.
        float[] kernel = [.. Enumerable.Range(0, K * F).Select(index => 0.001f * index)];
        float[] bias = [0.1f, 0, -0.2f];
        var scale = Scale();
        using var engine = Engine(accumulationSteps, fused, weightDecay);
        var (start, startBias) = scale.Unfold(kernel, bias);
        start.CopyTo(engine.Weights(0));
        startBias.CopyTo(engine.Weights(1));
        var reference = new Reference(kernel, bias, weightDecay);
        var plan = Plan(accumulationSteps);
        var stream = new StoredFeatures(new Records(), Labels, plan, scale);
        for (var step = 0; step < 6; step++)
        {
            var loss = 0.0;
            for (var index = 0; index < accumulationSteps; index++)
            {
                using var batch = stream.Read(step, index);
                batch.Inputs.AsSpan(0, plan.MicroBatchSize * F).CopyTo(engine.Inputs);
                batch.Labels.CopyTo(engine.Labels);
                batch.Permutation.CopyTo(engine.Permutation);
                loss += engine.AccumulateMicroBatch(batch.Lambda) / accumulationSteps;
            }
            engine.Step(Rate);

            Assert.Equal(reference.Step(), loss, 1e-3);
        }

        var (folded, foldedBias) = scale.Fold(engine.Weights(0), engine.Weights(1));
        var (expected, expectedBias) = reference.OfRawFeatures();
        foreach (var features in Features)
        {
            for (var k = 0; k < K; k++)
                Assert.Equal(expectedBias[k] + Enumerable.Range(0, F).Sum(f => expected[k * F + f] * features[f]), Logit(folded, foldedBias, k, features), 2e-3);
        }
        Assert.InRange(Enumerable.Range(0, K).Max(k => Math.Abs(Logit(folded, foldedBias, k, Features[0]) - Logit(kernel, bias, k, Features[0]))), 0.1, 100);
    }

    private static FeatureScale Scale() => FeatureScale.Of(Features.Length, F, Floor, (index, record) => Features[index].CopyTo(record, 0));

    private static double Logit(float[] kernel, float[] bias, int k, float[] features) =>
        bias[k] + Enumerable.Range(0, F).Sum(f => (double)kernel[k * F + f] * features[f]);

    private static (double[] Means, double[] Deviations) Statistics()
    {
        var means = Enumerable.Range(0, F).Select(f => Features.Average(row => (double)row[f])).ToArray();
        var variances = Enumerable.Range(0, F).Select(f => Features.Average(row => Math.Pow(row[f] - means[f], 2))).ToArray();
        var common = Math.Sqrt(variances.Average());
        return (means, [.. variances.Select(variance => Math.Sqrt(variance) + Floor * common)]);
    }

    private TrainingEngine Engine(int accumulationSteps, bool fused, double weightDecay)
    {
        var cache = new ArtifactCache(_folder.Path);
        var parameters = NetworkParameters.Head(F, K);
        var sizes = new TrainingGraphSizes(K, Features.Length / accumulationSteps, ImageSize: 1, accumulationSteps, fused);
        return new TrainingEngine(cache.GetOrWrite(TrainingGraphs.HeadTraining(F, sizes)), cache.GetOrWrite(OptimizerGraph.Build(parameters, Momentum, (float)weightDecay)),
            parameters, new RuntimeOptions());
    }

    // Every step sees all photos.
    private static TrainingPlan Plan(int accumulationSteps) => Recipes.Resolve(PlanRequests.For("lite", method: "head", trainCount: Features.Length)) with
    {
        BatchSize = Features.Length, MicroBatchSize = Features.Length / accumulationSteps, MixupAlpha = 0,
    };

    private sealed class Records : IRecords
    {
        public int Count => Features.Length;

        public int RecordBytes => F * sizeof(float);

        public void Read(int index, Span<byte> record) => MemoryMarshal.AsBytes(Features[index].AsSpan()).CopyTo(record);
    }

    // Softmax regression with momentum and decay on (x - m) / s.
    private sealed class Reference
    {
        private readonly double[] _means;
        private readonly double[] _deviations;
        private readonly double[] _kernel = new double[K * F];
        private readonly double[] _bias = new double[K];
        private readonly double[] _kernelMomentum = new double[K * F];
        private readonly double[] _biasMomentum = new double[K];
        private readonly double _weightDecay;

        public Reference(float[] kernel, float[] bias, double weightDecay)
        {
            _weightDecay = weightDecay;
            (_means, _deviations) = Statistics();
            for (var k = 0; k < K; k++)
            {
                _bias[k] = bias[k];
                for (var f = 0; f < F; f++)
                {
                    _kernel[k * F + f] = kernel[k * F + f] * _deviations[f];
                    _bias[k] += kernel[k * F + f] * _means[f];
                }
            }
        }

        /// <summary>The loss before the step.</summary>
        public double Step()
        {
            var (kernelGradient, biasGradient, loss) = (new double[K * F], new double[K], 0.0);
            for (var row = 0; row < Features.Length; row++)
            {
                var x = Enumerable.Range(0, F).Select(f => (Features[row][f] - _means[f]) / _deviations[f]).ToArray();
                var logits = Enumerable.Range(0, K).Select(k => _bias[k] + Enumerable.Range(0, F).Sum(f => _kernel[k * F + f] * x[f])).ToArray();
                var sum = logits.Sum(Math.Exp);
                loss += (Math.Log(sum) - logits[Labels[row]]) / Features.Length;
                for (var k = 0; k < K; k++)
                {
                    var delta = (Math.Exp(logits[k]) / sum - (k == Labels[row] ? 1 : 0)) / Features.Length;
                    biasGradient[k] += delta;
                    for (var f = 0; f < F; f++)
                        kernelGradient[k * F + f] += delta * x[f];
                }
            }
            Descend(_kernel, _kernelMomentum, kernelGradient, _weightDecay);
            Descend(_bias, _biasMomentum, biasGradient, weightDecay: 0);
            return loss;
        }

        public (double[] Kernel, double[] Bias) OfRawFeatures()
        {
            var kernel = _kernel.Select((weight, index) => weight / _deviations[index % F]).ToArray();
            return (kernel, [.. _bias.Select((value, k) => value - Enumerable.Range(0, F).Sum(f => kernel[k * F + f] * _means[f]))]);
        }

        private static void Descend(double[] weights, double[] momenta, double[] gradients, double weightDecay)
        {
            for (var index = 0; index < weights.Length; index++)
            {
                momenta[index] = Momentum * momenta[index] + gradients[index] + weightDecay * weights[index];
                weights[index] -= Rate * momenta[index];
            }
        }
    }
}
