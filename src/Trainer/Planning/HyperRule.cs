namespace BiT.Training.Planning;

/// <summary>Sides of the squares that a photo is resized to and cropped to for training, in pixels.</summary>
public readonly record struct Resolution(int Resize, int Crop);

/// <summary>BiT-HyperRule: every hyper-parameter of a fine-tune from the size of the photos and their number.</summary>
/// <remarks>Source: big_transfer, bit_hyperrule.py; the scaling to other batches is the official colab's.</remarks>
public static class HyperRule
{
    /// <summary>The batch that <see cref="BaseLearningRate"/> and the unscaled schedules are meant for.</summary>
    public const int BaseBatchSize = 512;

    /// <summary>Highest learning rate at <see cref="BaseBatchSize"/> (bit_hyperrule.py, get_lr's base_lr).</summary>
    public const double BaseLearningRate = 0.003;

    private const long SmallPhotoArea = 96 * 96;
    private const int MediumSet = 20_000;
    private const int LargeSet = 500_000;

    /// <summary>Resize and crop for photos of one size (get_resolution).</summary>
    /// <param name="height">Pixels, at least 1.</param>
    /// <param name="width">Pixels, at least 1.</param>
    public static Resolution ResolutionOf(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return ResolutionOf((long)height * width);
    }

    /// <summary>Resize and crop for photos of one area, in pixels: 160/128 below 96 x 96, else 512/480.</summary>
    public static Resolution ResolutionOf(long area)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(area, 1);
        return area < SmallPhotoArea ? new Resolution(160, 128) : new Resolution(512, 480);
    }

    /// <summary>MixUp's alpha, 0 for off (get_mixup).</summary>
    /// <param name="trainCount">Training photos, without the validation ones.</param>
    public static double MixupAlpha(int trainCount) => trainCount < MediumSet ? 0.0 : 0.1;

    /// <summary>Where the learning rate changes: end of the warm-up, three decays, end of training, in steps (get_schedule).</summary>
    /// <param name="trainCount">Training photos, without the validation ones.</param>
    /// <param name="batchSize">Photos per step; the schedule is stretched by 512 / batch, so that as many photos are seen.</param>
    /// <remarks>A batch that does not divide 512 times the entry gives fractions: each entry is rounded to the nearest step, half up, and
    /// is at least 1. The official code never rounds (its colab divides the float by the steps per epoch).</remarks>
    public static IReadOnlyList<int> Schedule(int trainCount, int batchSize = BaseBatchSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trainCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        int[] schedule = trainCount switch
        {
            < MediumSet => [100, 200, 300, 400, 500],
            < LargeSet => [500, 3000, 6000, 9000, 10_000],
            _ => [500, 6000, 12_000, 18_000, 20_000],
        };
        return Array.ConvertAll(schedule, step => ScaleStep(step, BaseBatchSize, batchSize));
    }

    /// <summary>Highest learning rate for a batch: 0.003 * batch / 512 (the colab's rule).</summary>
    public static double LearningRate(int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        return BaseLearningRate * batchSize / BaseBatchSize;
    }

    /// <summary>Learning rate of one step, or null where training stops (get_lr).</summary>
    /// <param name="step">Index of the optimiser step, from 0.</param>
    /// <param name="schedule">As <see cref="Schedule"/> returns it.</param>
    /// <param name="baseRate">The rate after warm-up.</param>
    /// <remarks>Step 0 has rate 0. The comparison with a decay is strict: a decay at x takes effect at step x + 1. The rate is divided
    /// by 10
    /// once per decay, as the original does: a power of ten would differ in the last bit.</remarks>
    public static double? LearningRateAt(int step, IReadOnlyList<int> schedule, double baseRate = BaseLearningRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < schedule[0]) return baseRate * step / schedule[0];
        if (step >= schedule[^1]) return null;
        double rate = baseRate;
        foreach (int decay in schedule.Skip(1))
            if (decay < step) rate /= 10;
        return rate;
    }

    /// <summary>step * numerator / denominator, rounded to the nearest step (half up), at least 1.</summary>
    internal static int ScaleStep(int step, int numerator, int denominator) =>
        (int)Math.Clamp(((2L * step * numerator) + denominator) / (2L * denominator), 1, int.MaxValue);
}
