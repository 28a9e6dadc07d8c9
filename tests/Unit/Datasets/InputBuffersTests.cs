using BiT.Training.Datasets;
using BiT.Training.Planning;

namespace BiT.Tests.Unit.Datasets;

public sealed class InputBuffersTests
{
    private const int Steps = 40;

    // Three wait in the prefetcher, one is being made, one is being used.
    private const int MostInUse = 5;

    private static readonly TrainingPlan Plan = MakePlan();

    [Fact]
    public void Prefetcher_ALoopThatDisposes_UsesTheSameFewArrays()
    {
        var arrays = new HashSet<float[]>(ReferenceEqualityComparer.Instance);
        using var prefetcher = new Prefetcher(new AugmentedPhotos(new Stripes(), Plan), 0, Steps, microBatchesPerStep: 1);
        for (var step = 0; step < Steps; step++)
        {
            using var batch = prefetcher.Next(TestContext.Current.CancellationToken);
            arrays.Add(batch.Inputs);
        }

        Assert.InRange(arrays.Count, 1, MostInUse);
    }

    [Fact]
    public void Read_IntoAnArrayThatWasUsed_GivesWhatANewOneGives()
    {
        var (used, fresh) = (new AugmentedPhotos(new Stripes(), Plan), new AugmentedPhotos(new Stripes(), Plan));
        float[] first;
        using (var batch = used.Read(0, 0))
        {
            first = batch.Inputs;
            Array.Fill(first, float.NaN);
        }

        using var again = used.Read(1, 0);

        Assert.Same(first, again.Inputs);
        Assert.Equal(fresh.Read(1, 0).Inputs, again.Inputs);
    }

    [Fact]
    public void Dispose_Twice_ReturnsTheArrayOnce()
    {
        var stream = new AugmentedPhotos(new Stripes(), Plan);
        var batch = stream.Read(0, 0);
        batch.Dispose();
        batch.Dispose();

        Assert.NotSame(stream.Read(1, 0).Inputs, stream.Read(2, 0).Inputs);
    }

    [Fact]
    public void Read_WhileTheOneBeforeIsInUse_TakesAnotherArray()
    {
        var stream = new AugmentedPhotos(new Stripes(), Plan);

        using var first = stream.Read(0, 0);
        using var second = stream.Read(1, 0);

        Assert.NotSame(first.Inputs, second.Inputs);
    }

    private static TrainingPlan MakePlan() => new()
    {
        Method = "full",
        Recipe = "test",
        Network = "bit-tiny",
        DatasetId = "stripes",
        Labels = ["a", "b"],
        TrainCount = 7,
        ValidationCount = 0,
        MedianArea = 144,
        Resize = 12,
        Crop = 8,
        BatchSize = 3,
        MicroBatchSize = 3,
        Schedule = LearningRateSchedule.Cosine(0.1, 0, Steps),
        Momentum = 0.9,
        WeightDecay = 0,
        MixupAlpha = 0.1,
        EvaluationInterval = Steps,
        EarlyStoppingPatience = 0,
        Seed = 1,
        Reasons = [],
    };

    private sealed class Stripes : IPhotoSource
    {
        public int Count => 7;

        public int Side => 12;

        public int PhotoBytes => Side * Side * 3;

        public IReadOnlyList<int> Labels => [0, 1, 0, 1, 0, 1, 0];

        public void Read(int index, Span<byte> pixels)
        {
            for (var at = 0; at < pixels.Length; at++)
                pixels[at] = (byte)(at * (index + 3));
        }
    }
}
