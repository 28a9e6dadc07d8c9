using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using BiT.Core.Classification;

namespace BiT.Core.Reports;

/// <summary>Sums up what a version says about photos, one at a time.</summary>
/// <remarks>Holds one number per class, one per cell of the confusion matrix that occurs (so at most one per photo), and 50 photos:
/// thousands of classes and millions of photos fit. Sums run in order and in double: the same photos in the same order give the same
/// bits. Not safe for use from several threads.</remarks>
public sealed class EvaluationBuilder
{
    /// <summary>Photos in <see cref="EvaluationReport.HighestLosses"/>.</summary>
    public const int MaxHighestLosses = 50;

    /// <summary>From so many classes on, the five most probable say something.</summary>
    public const int MinClassesForTop5 = 10;

    private readonly IReadOnlyList<string> _labels;
    private readonly float[] _probabilities;
    private readonly int[] _actual;
    private readonly int[] _predicted;
    private readonly Dictionary<(int Actual, int Predicted), int> _confusion = [];
    private readonly CalibrationBins _calibration = new();
    private readonly HighestLosses _highest = new(MaxHighestLosses);
    private int _photos;
    private int _top1;
    private int _top5;
    private double _loss;

    /// <param name="labels">Class names by class index, at least one.</param>
    public EvaluationBuilder(IReadOnlyList<string> labels)
    {
        ArgumentOutOfRangeException.ThrowIfZero(labels.Count, nameof(labels));
        _labels = labels;
        _probabilities = new float[labels.Count];
        _actual = new int[labels.Count];
        _predicted = new int[labels.Count];
    }

    /// <summary>Adds a photo.</summary>
    /// <param name="fileName">Its name in its data set.</param>
    /// <param name="photo">sha256 of its bytes, hexadecimal.</param>
    /// <param name="logits">float32 [classes].</param>
    /// <param name="label">Class index of its label.</param>
    /// <exception cref="EvaluationException">A logit is not finite (BROKEN_MODEL).</exception>
    public void Add(string fileName, string photo, ReadOnlySpan<float> logits, int label)
    {
        if (logits.Length != _labels.Count)
            throw new ArgumentException($"Expected {_labels.Count} logits, got {logits.Length}.", nameof(logits));
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, _labels.Count);
        if (!TensorPrimitives.IsFiniteAll(logits))
            throw new EvaluationException("BROKEN_MODEL",
                $"The model's output for {fileName} is not finite: its weights are damaged or diverged. Use another version.");
        // The server's own probabilities: what is measured is what is served.
        Softmax.Probabilities(logits, _probabilities);
        var rank = Rank(_probabilities, label);
        var predicted = rank == 0 ? label : TensorPrimitives.IndexOfMax<float>(_probabilities);
        var loss = CrossEntropy(logits, label);

        _photos++;
        _loss += loss;
        _top1 += rank == 0 ? 1 : 0;
        _top5 += rank < 5 ? 1 : 0;
        _actual[label]++;
        _predicted[predicted]++;
        CollectionsMarshal.GetValueRefOrAddDefault(_confusion, (label, predicted), out _)++;
        _calibration.Add(_probabilities[predicted], rank == 0);
        if (_highest.Takes(loss))
            _highest.Add(new PhotoLoss(
                fileName, photo, _labels[label], _labels[predicted], _probabilities[predicted], _probabilities[label], loss));
    }

    /// <summary>The report on all photos added.</summary>
    /// <exception cref="EvaluationException">There were none (NO_PHOTOS).</exception>
    public EvaluationReport Build()
    {
        if (_photos == 0)
            throw new EvaluationException("NO_PHOTOS", "There is no photo to evaluate on. Choose a data set or a split that has photos.");
        var calibration = _calibration.ToList();
        return new EvaluationReport
        {
            PhotoCount = _photos,
            Top1Accuracy = (double)_top1 / _photos,
            Top5Accuracy = _labels.Count >= MinClassesForTop5 ? (double)_top5 / _photos : null,
            Loss = _loss / _photos,
            ExpectedCalibrationError = CalibrationBins.ExpectedError(calibration),
            Classes = [.. _labels.Select(Class)],
            Confusion = [.. _confusion.OrderBy(cell => cell.Key).Select(cell => new ConfusionCell(cell.Key.Actual, cell.Key.Predicted, cell.Value))],
            HighestLosses = _highest.ToList(),
            Calibration = calibration,
        };
    }

    /// <summary>log(sum of exp(logit)) - logit of the label, in double; the largest logit is subtracted, so nothing overflows.</summary>
    internal static double CrossEntropy(ReadOnlySpan<float> logits, int label)
    {
        var largest = TensorPrimitives.Max(logits);
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Math.Exp((double)logit - largest);
        return Math.Log(sum) + ((double)largest - logits[label]);
    }

    // How many classes come before the label when the most probable comes first, and of equals the lower index: as TopK.
    private static int Rank(ReadOnlySpan<float> probabilities, int label)
    {
        var rank = 0;
        for (var k = 0; k < probabilities.Length; k++)
        {
            if (probabilities[k] > probabilities[label] || (probabilities[k] == probabilities[label] && k < label))
                rank++;
        }
        return rank;
    }

    private ClassEvaluation Class(string label, int index)
    {
        var right = _confusion.GetValueOrDefault((index, index));
        var (actual, predicted) = (_actual[index], _predicted[index]);
        return new ClassEvaluation(
            label, actual,
            predicted == 0 ? null : (double)right / predicted,
            actual == 0 ? null : (double)right / actual,
            // 2 TP + FP + FN = what is there + what was predicted.
            actual + predicted == 0 ? null : 2.0 * right / ((double)actual + predicted));
    }
}
