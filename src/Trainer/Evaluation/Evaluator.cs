using System.Numerics.Tensors;
using BiT.Training.Checkpoints;
using BiT.Training.Datasets;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Training.Evaluation;

/// <summary>Measures weights on the validation photos.</summary>
internal interface IEvaluator
{
    /// <summary>Evaluates the parameters, given in graph order, after a number of steps.</summary>
    EvaluationPoint Evaluate(long step, IReadOnlyList<OrtValue> parameters, CancellationToken cancellation);
}

/// <summary>Runs the evaluation graph over photos resized straight to the network's input.</summary>
internal sealed class PhotoEvaluator(EvaluationEngine engine, PhotoPixels photos) : IEvaluator
{
    private readonly byte[] _pixels = new byte[photos.PhotoBytes];

    public EvaluationPoint Evaluate(long step, IReadOnlyList<OrtValue> parameters, CancellationToken cancellation)
    {
        var score = new Score();
        var imageLength = 3 * photos.Side * photos.Side;
        for (var start = 0; start < photos.Count; start += engine.BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(engine.BatchSize, photos.Count - start);
            for (var item = 0; item < count; item++)
            {
                photos.Read(start + item, _pixels);
                PixelConversion.ToPlanes(_pixels, photos.Side, CropWindow.Whole(photos.Side), engine.Images.Slice(item * imageLength, imageLength));
            }
            var logits = engine.Run(parameters).Logits;
            var classes = logits.Length / engine.BatchSize;
            for (var item = 0; item < count; item++)
                score.Add(logits.AsSpan(item * classes, classes), photos.Labels[start + item]);
        }
        return score.At(step);
    }
}

/// <summary>Accuracy and mean cross-entropy over images.</summary>
internal sealed class Score
{
    private long _count;
    private long _correct;
    private double _loss;

    public void Add(ReadOnlySpan<float> logits, int label)
    {
        _count++;
        if (TensorPrimitives.IndexOfMax(logits) == label)
            _correct++;
        var largest = TensorPrimitives.Max(logits);
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Math.Exp(logit - largest);
        _loss += Math.Log(sum) + largest - logits[label];
    }

    public EvaluationPoint At(long step) => new(step, _count == 0 ? 0 : (double)_correct / _count, _count == 0 ? 0 : _loss / _count);
}
