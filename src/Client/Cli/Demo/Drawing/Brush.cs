using SkiaSharp;

namespace BiT.CommandLine.Demo;

/// <summary>Strokes that flowers and backdrops are made of.</summary>
internal static class Brush
{
    public static SKPaint Fill(SKColor color) => new() { IsAntialias = true, Style = SKPaintStyle.Fill, Color = color };

    public static SKPaint Line(SKColor color, float width)
        => new() { IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeCap = SKStrokeCap.Round, StrokeWidth = width, Color = color };

    /// <summary>A colour near another one in hue (degrees), saturation and value (percent).</summary>
    public static SKColor Near(SKColor color, Randomness random, float hue = 6, float saturation = 8, float value = 10)
    {
        color.ToHsv(out var h, out var s, out var v);
        return SKColor.FromHsv(
            (h + random.Between(-hue, hue) + 360) % 360,
            Math.Clamp(s + random.Between(-saturation, saturation), 0, 100),
            Math.Clamp(v + random.Between(-value, value), 0, 100),
            color.Alpha);
    }

    public static SKColor Shade(SKColor color, float factor)
        => new(Scale(color.Red, factor), Scale(color.Green, factor), Scale(color.Blue, factor), color.Alpha);

    /// <summary>A petal from the origin along the x axis.</summary>
    /// <param name="start">Where it begins, in radii from the middle.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="width">Its greatest width.</param>
    /// <param name="roundness">0: pointed tip, 1: blunt tip.</param>
    public static SKPath Petal(float start, float end, float width, float roundness)
    {
        var length = end - start;
        var half = width / 2;
        using var builder = new SKPathBuilder();
        builder.MoveTo(start, 0);
        builder.CubicTo(
            start + length * 0.3f, -half, start + length * (0.6f + 0.2f * roundness), -half * 1.25f, end, -half * 0.8f * roundness);
        builder.CubicTo(
            end + half * 0.4f * roundness, -half * 0.3f * roundness,
            end + half * 0.4f * roundness, half * 0.3f * roundness, end, half * 0.8f * roundness);
        builder.CubicTo(start + length * (0.6f + 0.2f * roundness), half * 1.25f, start + length * 0.3f, half, start, 0);
        builder.Close();
        return builder.Detach();
    }

    /// <summary>A ring of petals around the origin, each a little different.</summary>
    public static void Ring(SKCanvas canvas, Randomness random, PetalRing ring)
    {
        var turn = random.Between(0, 360);
        for (var index = 0; index < ring.Count; index++)
        {
            canvas.Save();
            canvas.RotateDegrees(turn + 360f * index / ring.Count + random.Between(-ring.Jitter, ring.Jitter));
            using var petal = Petal(
                ring.Start, ring.End * random.Between(0.92f, 1.06f), ring.Width * random.Between(0.85f, 1.15f), ring.Roundness);
            var color = Near(ring.Color, random, hue: 4, saturation: 6, value: 5);
            using (var fill = Fill(color))
                canvas.DrawPath(petal, fill);
            using (var edge = Line(Shade(color, 0.78f), 0.02f))
                canvas.DrawPath(petal, edge);
            canvas.Restore();
        }
    }

    /// <summary>A stem that leaves the picture, sometimes with a leaf; drawn below the flower.</summary>
    public static void Stem(SKCanvas canvas, Randomness random)
    {
        var green = Near(new SKColor(70, 120, 50), random, hue: 15, saturation: 15, value: 15);
        using var stem = Line(green, random.Between(0.07f, 0.12f));
        using var builder = new SKPathBuilder();
        builder.MoveTo(0, 0);
        builder.QuadTo(random.Between(-0.4f, 0.4f), 1.5f, random.Between(-0.7f, 0.7f), 4);
        using var path = builder.Detach();
        canvas.DrawPath(path, stem);
    }

    private static byte Scale(byte channel, float factor) => (byte)Math.Clamp(channel * factor, 0, 255);
}

/// <summary>A ring of petals; lengths in radii of the flower.</summary>
internal sealed record PetalRing(int Count, SKColor Color)
{
    public float Start { get; init; }
    public float End { get; init; } = 1;
    public float Width { get; init; } = 0.3f;
    public float Roundness { get; init; } = 0.5f;

    /// <summary>How far a petal may stray from its place, in degrees.</summary>
    public float Jitter { get; init; } = 3;
}
