using BiT.Core.Reports;

namespace BiT.Tests.Unit.Reports;

/// <summary>A photo as a test gives it.</summary>
internal sealed record LabelledLogits(float[] Logits, int Label);

/// <summary>The measures of an evaluation by their definitions, in double, with no regard for speed or memory.</summary>
internal sealed class ReferenceEvaluation(int classCount, LabelledLogits[] photos)
{
    private readonly int[] _predicted = [.. photos.Select(photo => Order(photo)[0])];

    public double Loss => photos.Average(Cross);

    public IEnumerable<ConfusionCell> Confusion =>
        from actual in Enumerable.Range(0, classCount)
        from predicted in Enumerable.Range(0, classCount)
        let count = Count(actual, predicted)
        where count > 0
        select new ConfusionCell(actual, predicted, count);

    public double CalibrationError
    {
        get
        {
            var total = 0.0;
            for (var bin = 0; bin < 15; bin++)
            {
                // Of float32 probabilities, so that a photo at a bin's border lies on the same side of it.
                var members = Enumerable.Range(0, photos.Length)
                    .Where(index => Highest(photos[index]) is var p && p > bin / 15.0 && p <= (bin + 1) / 15.0).ToArray();
                if (members.Length == 0)
                    continue;
                var accuracy = members.Average(index => _predicted[index] == photos[index].Label ? 1.0 : 0);
                total += (double)members.Length / photos.Length * Math.Abs(accuracy - members.Average(index => Highest(photos[index])));
            }
            return total;
        }
    }

    public double TopAccuracy(int k) => photos.Average(photo => Order(photo).Take(k).Contains(photo.Label) ? 1.0 : 0);

    public double? Precision(int k) => Ratio(Count(k, k), Enumerable.Range(0, classCount).Sum(actual => Count(actual, k)));

    public double? Recall(int k) => Ratio(Count(k, k), Enumerable.Range(0, classCount).Sum(predicted => Count(k, predicted)));

    /// <summary>The harmonic mean where both exist; 0 where nothing is right but something was there or predicted.</summary>
    public double? F1(int k) => (Precision(k), Recall(k)) switch
    {
        (null, null) => null,
        ( > 0, > 0) and var (precision, recall) => 2 * precision * recall / (precision + recall),
        _ => 0,
    };

    public IEnumerable<double> HighestLosses(int count) => photos.Select(Cross).OrderDescending().Take(count);

    public static double Cross(LabelledLogits photo) =>
        Math.Log(photo.Logits.Sum(logit => Math.Exp((double)logit - photo.Logits.Max()))) + photo.Logits.Max() - photo.Logits[photo.Label];

    private int Count(int actual, int predicted)
    {
        return photos.Where((photo, index) => photo.Label == actual && _predicted[index] == predicted).Count();
    }

    private static double? Ratio(double part, double whole) => whole == 0 ? null : part / whole;

    private static double Highest(LabelledLogits photo)
    {
        var probabilities = new float[photo.Logits.Length];
        BiT.Core.Classification.Softmax.Probabilities(photo.Logits, probabilities);
        return probabilities.Max();
    }

    // By what the server answers: its float32 probabilities, and of equals the lower index.
    private static int[] Order(LabelledLogits photo)
    {
        var probabilities = new float[photo.Logits.Length];
        BiT.Core.Classification.Softmax.Probabilities(photo.Logits, probabilities);
        return [.. Enumerable.Range(0, probabilities.Length).OrderByDescending(index => probabilities[index]).ThenBy(index => index)];
    }
}
