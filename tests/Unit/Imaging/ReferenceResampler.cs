using BiT.Core.Imaging;

namespace BiT.Tests.Unit.Imaging;

/// <summary>The filter written down once more as plainly as possible, one byte at a time: the oracle of the fast one.</summary>
internal static class ReferenceResampler
{
    public static RgbImage Resize(RgbImage source, int width, int height)
    {
        var narrowed = new byte[source.Height * width * 3];
        for (var y = 0; y < source.Height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                for (var c = 0; c < 3; c++)
                {
                    narrowed[(((y * width) + x) * 3) + c] =
                        Sum(source.Width, width, x, k => source.Pixels[(((y * source.Width) + k) * 3) + c]);
                }
            }
        }
        var result = new byte[height * width * 3];
        for (var y = 0; y < height; y++)
        {
            for (var i = 0; i < width * 3; i++)
                result[(y * width * 3) + i] = Sum(source.Height, height, y, k => narrowed[(k * width * 3) + i]);
        }
        return new RgbImage(width, height, result);
    }

    private static byte Sum(int from, int to, int position, Func<int, byte> input)
    {
        var scale = (double)from / to;
        var support = Math.Max(scale, 1.0);
        var center = (position + 0.5) * scale;
        var first = Math.Max((int)(center - support + 0.5), 0);
        var last = Math.Min((int)(center + support + 0.5), from);
        var inverse = 1.0 / support;
        var total = 0.0;
        for (var k = first; k < last; k++)
            total += Weight((k - center + 0.5) * inverse);
        long sum = 1 << 21;
        for (var k = first; k < last; k++)
            sum += input(k) * (long)((Weight((k - center + 0.5) * inverse) / total * (1 << 22)) + 0.5);
        return (byte)Math.Clamp(sum >> 22, 0, 255);
    }

    private static double Weight(double distance) => Math.Max(0.0, 1.0 - Math.Abs(distance));
}
