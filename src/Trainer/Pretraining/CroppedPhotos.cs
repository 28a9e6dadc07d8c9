using BiT.Core.Imaging;
using BiT.Training.Datasets;
using BiT.Training.Randomness;

namespace BiT.Training.Pretraining;

/// <summary>The training stream: photos decoded as they come, cut by random resized crops, mirrored at random.</summary>
/// <remarks>Nothing is kept but the micro-batch in work; the <see cref="Prefetcher"/> bounds how many are ahead. A photo that cannot be decoded
/// is replaced by the next of the list, so that the stream stays a pure function of plan and photos.</remarks>
internal sealed class CroppedPhotos(PhotoList photos, PretrainingPlan plan, BrokenPhotos broken, int threads) : ITrainingStream
{
    private readonly SampleOrder _order = new(plan.Seed, photos.Count, plan.SampleWithReplacement);
    private readonly Mixup _mixup = new(plan.Seed, plan.MixupAlpha);

    public MicroBatch Read(long step, int index)
    {
        var size = plan.MicroBatchSize;
        var imageLength = 3 * plan.ImageSize * plan.ImageSize;
        var inputs = new float[size * imageLength];
        var labels = new long[size];
        var start = step * plan.BatchSize + (long)index * size;
        var order = Enumerable.Range(0, size).Select(item => _order.At(start + item)).ToArray();
        PhotoDecoding.ForEach(size, threads, item =>
            labels[item] = Fill(order[item], start + item, inputs.AsSpan(item * imageLength, imageLength)));
        return new MicroBatch { Inputs = inputs, Labels = labels, Permutation = _mixup.Permutation(step, index, size), Lambda = _mixup.Lambda(step) };
    }

    // Returns the label of the photo that was used.
    private int Fill(int first, long position, Span<float> planes)
    {
        var pixels = new byte[3 * plan.ImageSize * plan.ImageSize];
        for (var tried = 0; tried < photos.Count; tried++)
        {
            var photo = photos[(first + tried) % photos.Count];
            var random = new CounterRandom(plan.Seed, RandomStream.Augmentation, position);
            var mirrored = random.NextInt32(2) == 1 && plan.Flip;
            if (!photo.TryDecode(broken, content => SquareTransform.ResizeWindow(
                content, ReadLimits.Image, header => plan.Crop.Choose(ref random, header.Width, header.Height), plan.ImageSize, plan.ImageSize, pixels)))
                continue;
            PixelConversion.ToPlanes(pixels, plan.ImageSize, CropWindow.Whole(plan.ImageSize) with { Mirrored = mirrored }, planes);
            return photo.Label;
        }
        throw new BrokenPhotosException($"None of the {photos.Count} training photos can be decoded.");
    }
}
