using BiT.Core.Imaging;
using BiT.Core.Store;
using BiT.Training.Datasets;
using BiT.Training.Planning;

namespace BiT.Training.Worker.Tasks;

/// <summary>The first batches of a run as pictures: taken from the stream that training reads, not made again.</summary>
internal sealed class BatchPreview(TrainingPlan plan, IPhotoSource photos, CancellationToken stop)
{
    /// <summary>Photos shown of one batch.</summary>
    public const int MostPhotos = 64;

    // The result travels through a row of the store. Beyond this fewer photos are shown.
    private const long MostBytes = 48L << 20;

    private long _bytes;

    /// <summary>Where the pixels of a plan's training photos come from.</summary>
    public static IPhotoSource Photos(Workspace workspace, DatasetRecord dataset, TrainingPlan plan) =>
        new PhotosOnDemand(workspace, dataset, Split.Train, plan.Method == "head" ? plan.Crop : plan.Resize);

    public IReadOnlyList<PreviewBatch> Make(int batchCount) =>
        [.. Enumerable.Range(0, Math.Min(batchCount, plan.Steps)).Select(step => Batch(step))];

    private PreviewBatch Batch(long step)
    {
        var shown = new List<PreviewPhoto>();
        ITrainingStream stream = plan.Method == "head"
            ? new StoredFeatures(new PhotoNumbers(photos.Count), photos.Labels, plan)
            : new AugmentedPhotos(photos, plan);
        var lambda = 1f;
        for (var index = 0; index < plan.MicroBatchesPerStep && shown.Count < MostPhotos && _bytes < MostBytes; index++)
        {
            stop.ThrowIfCancellationRequested();
            using var batch = stream.Read(step, index);
            lambda = batch.Lambda;
            for (var item = 0; item < batch.Labels.Length && shown.Count < MostPhotos && _bytes < MostBytes; item++)
                shown.Add(plan.Method == "head" ? Numbered(batch, item) : Augmented(batch, item));
        }
        return new PreviewBatch { Step = step, PhotoCount = plan.BatchSize, Lambda = lambda, Photos = shown };
    }

    private PreviewPhoto Augmented(MicroBatch batch, int item)
    {
        var length = 3 * plan.Crop * plan.Crop;
        var own = batch.Inputs.AsSpan(item * length, length);
        var partner = (int)batch.Permutation[item];
        return Photo(batch, item, own, batch.Lambda == 1 ? null : Mix(own, batch.Inputs.AsSpan(partner * length, length), batch.Lambda));
    }

    // Features of a frozen backbone are mixed, which no picture shows.
    private PreviewPhoto Numbered(MicroBatch batch, int item)
    {
        var pixels = new byte[photos.PhotoBytes];
        photos.Read((int)batch.Inputs[item], pixels);
        var planes = new float[pixels.Length];
        PixelConversion.ToPlanes(pixels, photos.Side, CropWindow.Whole(photos.Side), planes);
        return Photo(batch, item, planes, null);
    }

    private PreviewPhoto Photo(MicroBatch batch, int item, ReadOnlySpan<float> planes, float[]? mixed)
    {
        var png = PngEncoder.Encode(PixelConversion.ToBytes(planes, plan.Crop), plan.Crop);
        var mixedPng = mixed is null ? null : PngEncoder.Encode(PixelConversion.ToBytes(mixed, plan.Crop), plan.Crop);
        _bytes += png.Length + (mixedPng?.Length ?? 0);
        var partner = batch.Lambda == 1 ? null : plan.Labels[(int)batch.Labels[batch.Permutation[item]]];
        return new PreviewPhoto(plan.Labels[(int)batch.Labels[item]], png, partner, mixedPng);
    }

    /// <summary>What the training graph makes of a photo and its partner (<see cref="Networks.Classifier.Mix"/>).</summary>
    internal static float[] Mix(ReadOnlySpan<float> own, ReadOnlySpan<float> partner, float lambda)
    {
        var mixed = new float[own.Length];
        for (var index = 0; index < mixed.Length; index++)
            mixed[index] = lambda * own[index] + (1 - lambda) * partner[index];
        return mixed;
    }
}
