namespace BiT.Core.Imaging;

/// <summary>For each output position along one axis: which inputs it takes, and their weights in fixed point.</summary>
/// <remarks>Pillow, src/libImaging/Resample.c: <c>precompute_coeffs</c> with <c>bilinear_filter</c> (support 1), then
/// <c>normalize_coeffs_8bpc</c>. Every rounding is part of the contract: the results are compared byte for byte.</remarks>
internal sealed class ResampleTable
{
    /// <summary>Fraction bits of a weight: 32 minus 8 for the pixel and 2 for the head room of filters that overshoot.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    /// <summary>One half, the initial value of each sum, so that the shift back rounds.</summary>
    public const int Half = 1 << (PrecisionBits - 1);

    private readonly int[] _starts;
    private readonly int[] _counts;
    private readonly int[] _weights;
    private readonly int _stride;

    private ResampleTable(int[] starts, int[] counts, int[] weights, int stride)
    {
        _starts = starts;
        _counts = counts;
        _weights = weights;
        _stride = stride;
    }

    /// <param name="from">Input length in pixels, at least 1.</param>
    /// <param name="to">Output length in pixels, at least 1.</param>
    public static ResampleTable Create(int from, int to)
    {
        var scale = (double)from / to;
        // Antialiasing: shrinking widens the triangle, enlarging does not narrow it.
        var filterScale = Math.Max(scale, 1.0);
        var support = filterScale;
        var stride = checked(((int)Math.Ceiling(support) * 2) + 1);
        var starts = new int[to];
        var counts = new int[to];
        var weights = new int[checked(to * stride)];
        var exact = new double[stride];
        var inverse = 1.0 / filterScale;
        for (var i = 0; i < to; i++)
        {
            var center = (i + 0.5) * scale;
            var start = Math.Max((int)(center - support + 0.5), 0);
            var count = Math.Min((int)(center + support + 0.5), from) - start;
            var sum = 0.0;
            for (var k = 0; k < count; k++)
                sum += exact[k] = Triangle((k + start - center + 0.5) * inverse);
            for (var k = 0; k < count; k++)
            {
                var normalised = sum != 0.0 ? exact[k] / sum : exact[k];
                weights[(i * stride) + k] = (int)(0.5 + (normalised * (1 << PrecisionBits)));
            }
            starts[i] = start;
            counts[i] = count;
        }
        return new ResampleTable(starts, counts, weights, stride);
    }

    /// <summary>First input of an output position.</summary>
    public int Start(int position) => _starts[position];

    /// <summary>Weights of the inputs from <see cref="Start"/> on; their sum is about 2^22.</summary>
    public ReadOnlySpan<int> Weights(int position) => _weights.AsSpan(position * _stride, _counts[position]);

    private static double Triangle(double x)
    {
        x = Math.Abs(x);
        return x < 1.0 ? 1.0 - x : 0.0;
    }
}
