namespace BiT.Bench.Timing;

/// <summary>Measured times of one form, in milliseconds.</summary>
internal sealed class Sample
{
    private readonly double[] _sorted;

    /// <param name="milliseconds">At least one time, in any order.</param>
    public Sample(IEnumerable<double> milliseconds)
    {
        _sorted = [.. milliseconds.Order()];
        if (_sorted.Length == 0)
            throw new ArgumentException("A sample has at least one time.", nameof(milliseconds));
    }

    public int Count => _sorted.Length;

    public double Median => Quantile(0.5);

    public double LowerQuartile => Quantile(0.25);

    public double UpperQuartile => Quantile(0.75);

    /// <summary>Between two times, linearly (Hyndman and Fan's type 7, as R and NumPy do by default).</summary>
    private double Quantile(double share)
    {
        var at = share * (_sorted.Length - 1);
        var below = (int)at;
        var above = Math.Min(below + 1, _sorted.Length - 1);
        return _sorted[below] + (at - below) * (_sorted[above] - _sorted[below]);
    }
}
