using SkiaSharp;

namespace BiT.CommandLine.Demo;

/// <summary>Pointed yellow petals around a large brown disc of seeds in spirals.</summary>
internal static class Sunflower
{
    // 137.5 degrees: successive seeds of a sunflower head stand at the golden angle.
    private const float GoldenAngle = 2.3999632f;

    public static void Draw(SKCanvas canvas, Randomness random)
    {
        if (random.Chance(0.5f))
            Brush.Stem(canvas, random);
        var yellow = Brush.Near(new SKColor(245, 185, 25), random, hue: 9, value: 6);
        var count = random.Whole(16, 24);
        var ring = new PetalRing(count, yellow) { Start = 0.35f, Width = 5.4f / count, Roundness = 0.12f, Jitter = 5 };
        Brush.Ring(canvas, random, ring with { Color = Brush.Shade(yellow, 0.84f) });
        Brush.Ring(canvas, random, ring with { End = 0.94f });

        var radius = random.Between(0.44f, 0.56f);
        var brown = Brush.Near(new SKColor(86, 52, 24), random, hue: 8, saturation: 12, value: 8);
        using (var disc = Brush.Fill(brown))
            canvas.DrawCircle(0, 0, radius, disc);
        using var light = Brush.Fill(Brush.Shade(brown, 1.7f));
        using var dark = Brush.Fill(Brush.Shade(brown, 0.5f));
        var seeds = random.Whole(60, 110);
        for (var seed = 0; seed < seeds; seed++)
        {
            var distance = radius * 0.95f * MathF.Sqrt((seed + 0.5f) / seeds);
            var angle = seed * GoldenAngle;
            canvas.DrawCircle(distance * MathF.Cos(angle), distance * MathF.Sin(angle), 0.03f, seed % 3 == 0 ? dark : light);
        }
    }
}
