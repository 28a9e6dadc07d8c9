namespace BiT.Core.Reports;

/// <summary>Counts how often predictions of a probability are right.</summary>
/// <remarks>Guo et al. 2017, On Calibration of Modern Neural Networks: bins (i/15, (i+1)/15].</remarks>
internal sealed class CalibrationBins
{
    public const int Count = 15;

    private readonly int[] _photos = new int[Count];
    private readonly int[] _right = new int[Count];
    private readonly double[] _probabilities = new double[Count];

    /// <param name="probability">The highest probability of a photo, 0 to 1.</param>
    /// <param name="isRight">Whether its class is the label.</param>
    public void Add(double probability, bool isRight)
    {
        var bin = Math.Clamp((int)Math.Ceiling(probability * Count) - 1, 0, Count - 1);
        _photos[bin]++;
        _probabilities[bin] += probability;
        if (isRight)
            _right[bin]++;
    }

    public IReadOnlyList<CalibrationBin> ToList() => [.. Enumerable.Range(0, Count).Select(bin => new CalibrationBin(
        (double)bin / Count, (double)(bin + 1) / Count, _photos[bin],
        _photos[bin] == 0 ? 0 : _probabilities[bin] / _photos[bin],
        _photos[bin] == 0 ? 0 : (double)_right[bin] / _photos[bin]))];

    /// <summary>Sum over the bins of (photos / all photos) * |accuracy - mean probability|.</summary>
    public static double ExpectedError(IReadOnlyList<CalibrationBin> bins)
    {
        var all = bins.Sum(bin => (long)bin.PhotoCount);
        return bins.Sum(bin => bin.PhotoCount * Math.Abs(bin.Accuracy - bin.MeanProbability)) / all;
    }
}
