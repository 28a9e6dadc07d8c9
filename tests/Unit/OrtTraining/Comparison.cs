using BiT.Training.Networks;

namespace BiT.Tests.Unit.OrtTraining;

/// <summary>The largest differences over a run between our engine and the real runtime.</summary>
/// <param name="Loss">Of a micro-batch.</param>
/// <param name="Gradient">Of one parameter's gradient over a step, relative: L2 norm of the difference over that of ours.</param>
/// <param name="Parameter">Of one parameter after a step: largest difference of an element over the largest element, or over 1.</param>
/// <param name="Worst">Whose gradient it is.</param>
internal sealed record Comparison(double Loss, double Gradient, double Parameter, string Worst)
{
    public static readonly Comparison None = new(0, 0, 0, "");

    public Comparison WithLoss(float ours, float theirs) => this with { Loss = Math.Max(Loss, Math.Abs((double)ours - theirs)) };

    public Comparison WithGradients(IReadOnlyList<Parameter> parameters, float[] ours, float[] theirs)
    {
        var (worst, name) = Slices(parameters).Select(slice => (Relative(ours.AsSpan(slice.Range), theirs.AsSpan(slice.Range)), slice.Name)).Max();
        return worst > Gradient ? this with { Gradient = worst, Worst = name } : this;
    }

    public Comparison WithParameters(IReadOnlyList<Parameter> parameters, float[] ours, float[] theirs) => this with
    {
        Parameter = Math.Max(Parameter, Slices(parameters).Max(slice => Largest(ours.AsSpan(slice.Range), theirs.AsSpan(slice.Range)))),
    };

    private static IEnumerable<(string Name, Range Range)> Slices(IReadOnlyList<Parameter> parameters)
    {
        var start = 0;
        foreach (var parameter in parameters)
        {
            yield return (parameter.Name, start..(start + parameter.ElementCount));
            start += parameter.ElementCount;
        }
    }

    private static double Relative(ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs)
    {
        var (difference, norm) = (0.0, 0.0);
        for (var index = 0; index < ours.Length; index++)
        {
            difference += Math.Pow((double)ours[index] - theirs[index], 2);
            norm += (double)ours[index] * ours[index];
        }
        return OrInfinite(norm > 0 ? Math.Sqrt(difference / norm) : difference);
    }

    private static double Largest(ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs)
    {
        var (difference, scale) = (0.0, 1.0);
        for (var index = 0; index < ours.Length; index++)
        {
            difference = Math.Max(difference, Math.Abs((double)ours[index] - theirs[index]));
            scale = Math.Max(scale, Math.Abs(ours[index]));
        }
        return OrInfinite(difference / scale);
    }

    // NaN is less than everything, and would win no comparison.
    private static double OrInfinite(double value) => double.IsNaN(value) ? double.PositiveInfinity : value;
}
