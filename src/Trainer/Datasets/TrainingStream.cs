using System.Runtime.InteropServices;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Randomness;

namespace BiT.Training.Datasets;

/// <summary>The micro-batches of a run, in order, as a pure function of (plan, step, micro-batch).</summary>
internal interface ITrainingStream
{
    /// <summary>Makes one micro-batch. Called from one thread, mostly in order.</summary>
    /// <param name="step">Optimiser step, from 0.</param>
    /// <param name="index">Micro-batch within the step, from 0.</param>
    /// <returns>The caller's, who disposes of it.</returns>
    MicroBatch Read(long step, int index);
}

/// <summary>Photos with random crop and random mirroring.</summary>
/// <remarks>Source: BiT, bit_pytorch/train.py: RandomCrop, RandomHorizontalFlip(0.5) on the resized square.</remarks>
internal sealed class AugmentedPhotos(IPhotoSource photos, TrainingPlan plan) : ITrainingStream
{
    private readonly SampleOrder _order = new(plan.Seed, photos.Count, plan.SampleWithReplacement);
    private readonly Mixup _mixup = new(plan.Seed, plan.MixupAlpha);
    private readonly byte[] _pixels = new byte[photos.PhotoBytes];
    private readonly InputBuffers _buffers = new(plan.MicroBatchSize * 3 * plan.Crop * plan.Crop);

    public MicroBatch Read(long step, int index)
    {
        var size = plan.MicroBatchSize;
        var imageLength = 3 * plan.Crop * plan.Crop;
        var inputs = _buffers.Rent();
        var labels = new long[size];
        for (var item = 0; item < size; item++)
        {
            var position = step * plan.BatchSize + (long)index * size + item;
            var photo = _order.At(position);
            photos.Read(photo, _pixels);
            labels[item] = photos.Labels[photo];
            var random = new CounterRandom(plan.Seed, RandomStream.Augmentation, position);
            var room = photos.Side - plan.Crop + 1;
            var crop = new CropWindow(random.NextInt32(room), random.NextInt32(room), plan.Crop, random.NextInt32(2) == 1);
            PixelConversion.ToPlanes(_pixels, photos.Side, crop, inputs.AsSpan(item * imageLength, imageLength));
        }
        return new MicroBatch { Inputs = inputs, Labels = labels, Permutation = _mixup.Permutation(step, index, size), Lambda = _mixup.Lambda(step), Buffers = _buffers };
    }
}

/// <summary>Features that were computed once.</summary>
/// <param name="features">One record per photo.</param>
/// <param name="labels">A class index per photo.</param>
/// <param name="plan">Batches, seed and MixUp.</param>
/// <param name="scale">How they are standardised; null gives them as they are.</param>
internal sealed class StoredFeatures(IRecords features, IReadOnlyList<int> labels, TrainingPlan plan, FeatureScale? scale = null) : ITrainingStream
{
    private readonly SampleOrder _order = new(plan.Seed, features.Count, plan.SampleWithReplacement);
    private readonly Mixup _mixup = new(plan.Seed, plan.MixupAlpha);
    private readonly InputBuffers _buffers = new(plan.MicroBatchSize * (features.RecordBytes / sizeof(float)));

    public MicroBatch Read(long step, int index)
    {
        var size = plan.MicroBatchSize;
        var featureCount = features.RecordBytes / sizeof(float);
        var inputs = _buffers.Rent();
        var classes = new long[size];
        for (var item = 0; item < size; item++)
        {
            var photo = _order.At(step * plan.BatchSize + (long)index * size + item);
            var record = inputs.AsSpan(item * featureCount, featureCount);
            features.Read(photo, MemoryMarshal.AsBytes(record));
            scale?.Apply(record);
            classes[item] = labels[photo];
        }
        return new MicroBatch { Inputs = inputs, Labels = classes, Permutation = _mixup.Permutation(step, index, size), Lambda = _mixup.Lambda(step), Buffers = _buffers };
    }
}
