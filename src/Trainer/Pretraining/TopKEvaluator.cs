using BiT.Core.Imaging;
using BiT.Training.Checkpoints;
using BiT.Training.Datasets;
using BiT.Training.Evaluation;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Training.Pretraining;

/// <summary>Measures top-1 and top-5 accuracy on photos resized straight to the network's input, decoded anew each time.</summary>
internal sealed class TopKEvaluator(EvaluationEngine engine, PhotoList photos, BrokenPhotos broken, int threads) : IEvaluator
{
    private const int K = 5;

    /// <summary>What the last evaluation found.</summary>
    public Accuracy Last { get; private set; }

    public EvaluationPoint Evaluate(long step, IReadOnlyList<OrtValue> parameters, CancellationToken cancellation)
    {
        var score = new Score();
        var (counted, inTopK) = (0, 0);
        for (var start = 0; start < photos.Count; start += engine.BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var labels = Decode(start, Math.Min(engine.BatchSize, photos.Count - start));
            var logits = engine.Run(parameters).Logits;
            var classes = logits.Length / engine.BatchSize;
            for (var item = 0; item < labels.Length; item++)
            {
                if (labels[item] < 0)
                    continue;
                var row = logits.AsSpan(item * classes, classes);
                score.Add(row, labels[item]);
                counted++;
                if (Rank(row, labels[item]) < K)
                    inTopK++;
            }
        }
        var point = score.At(step);
        Last = new Accuracy(counted, point.Accuracy, counted == 0 ? 0 : (double)inTopK / counted, point.Loss);
        return point;
    }

    // Labels of the photos in the engine's input; -1 for a broken one.
    private int[] Decode(int start, int count)
    {
        var length = 3 * engine.ImageSize * engine.ImageSize;
        var pixels = new byte[count * length];
        var labels = new int[count];
        PhotoDecoding.ForEach(count, threads, item =>
        {
            var photo = photos[start + item];
            var decoded = photo.TryDecode(broken, content =>
                SquareTransform.Resize(content, ReadLimits.Image, engine.ImageSize, engine.ImageSize, pixels.AsSpan(item * length, length)));
            labels[item] = decoded ? photo.Label : -1;
        });
        var images = engine.Images;
        for (var item = 0; item < count; item++)
            PixelConversion.ToPlanes(pixels.AsSpan(item * length, length), engine.ImageSize, CropWindow.Whole(engine.ImageSize), images.Slice(item * length, length));
        return labels;
    }

    // Classes ahead of this one; between equals the lower index is ahead, as for top-1.
    private static int Rank(ReadOnlySpan<float> logits, int label)
    {
        var ahead = 0;
        for (var index = 0; index < logits.Length; index++)
        {
            if (logits[index] > logits[label] || (logits[index] == logits[label] && index < label))
                ahead++;
        }
        return ahead;
    }
}

/// <summary>Accuracy on a list of photos.</summary>
/// <param name="Photos">Photos that could be decoded.</param>
/// <param name="Top1">Share classified right, 0 to 1.</param>
/// <param name="Top5">Share whose class is among the five likeliest.</param>
/// <param name="Loss">Mean cross-entropy.</param>
internal readonly record struct Accuracy(int Photos, double Top1, double Top5, double Loss);
