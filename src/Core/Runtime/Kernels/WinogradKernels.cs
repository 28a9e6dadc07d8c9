using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace BiT.Core.Runtime.Kernels;

/// <summary>3x3 kernels at the sixteen points of <see cref="WinogradConvolution"/>.</summary>
internal static unsafe class WinogradKernels
{
    private const float Half = 0.5f;

    /// <summary>G g G^T of eight channels of the result.</summary>
    /// <param name="weights">All weights.</param>
    /// <param name="layout">Where those of a channel lie.</param>
    /// <param name="turned">Whether they are taken upside down and mirrored.</param>
    /// <param name="shape">The convolution's.</param>
    /// <param name="row">Which eight.</param>
    /// <param name="target">[point][channel][8].</param>
    public static void Transform(float* weights, WeightLayout layout, bool turned, WinogradShape shape, int row, float* target)
    {
        const int taps = 9;
        var outputs = Math.Min(WinogradShape.RowOutputs, shape.Outputs - row * WinogradShape.RowOutputs);
        var eight = stackalloc float[taps * WinogradShape.RowOutputs];
        new Span<float>(eight, taps * WinogradShape.RowOutputs).Clear();
        for (var channel = 0; channel < shape.Channels; channel++)
        {
            for (var output = 0; output < outputs; output++)
            {
                var from = weights + (long)(row * WinogradShape.RowOutputs + output) * layout.OutputPitch + (long)channel * layout.InputPitch;
                for (var tap = 0; tap < taps; tap++)
                    eight[tap * WinogradShape.RowOutputs + output] = from[turned ? taps - 1 - tap : tap];
            }
            TransformEight(eight, target + channel * WinogradShape.RowOutputs, shape.KernelPitch);
        }
    }

    private static void TransformEight(float* taps, float* target, long pitch)
    {
        for (var row = 0; row < 4; row++)
        {
            var (a, b, c) = (Vertical(taps, row, 0), Vertical(taps, row, 1), Vertical(taps, row, 2));
            var sum = (a + c) * Half;
            var middle = b * Half;
            Vector256.Store(a, target);
            Vector256.Store(sum + middle, target + pitch);
            Vector256.Store(sum - middle, target + 2 * pitch);
            Vector256.Store(c, target + 3 * pitch);
            target += 4 * pitch;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Vertical(float* taps, int row, int column)
    {
        var top = Vector256.Load(taps + column * WinogradShape.RowOutputs);
        var bottom = Vector256.Load(taps + (6 + column) * WinogradShape.RowOutputs);
        if (row == 0)
            return top;
        if (row == 3)
            return bottom;
        var middle = Vector256.Load(taps + (3 + column) * WinogradShape.RowOutputs) * Half;
        var sum = (top + bottom) * Half;
        return row == 1 ? sum + middle : sum - middle;
    }
}
