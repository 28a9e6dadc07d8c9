using SkiaSharp;

namespace BiT.CommandLine.Demo;

/// <summary>Slender white petals around a small yellow disc.</summary>
internal static class Daisy
{
    private static readonly SKColor[] Petals = [new(250, 250, 246), new(246, 240, 250), new(252, 244, 236), new(250, 232, 240)];

    public static void Draw(SKCanvas canvas, Randomness random)
    {
        if (random.Chance(0.5f))
            Brush.Stem(canvas, random);
        var color = random.Pick(Petals);
        var count = random.Whole(12, 20);
        var ring = new PetalRing(count, color) { Start = 0.2f, Width = 4.2f / count, Roundness = random.Between(0.5f, 0.9f) };
        if (random.Chance(0.6f))
            Brush.Ring(canvas, random, ring with { Color = Brush.Shade(color, 0.88f) });
        Brush.Ring(canvas, random, ring);

        var radius = random.Between(0.26f, 0.36f);
        var yellow = Brush.Near(new SKColor(238, 190, 40), random);
        using (var disc = Brush.Fill(yellow))
            canvas.DrawCircle(0, 0, radius, disc);
        using var grain = Brush.Fill(Brush.Shade(yellow, 0.75f));
        for (var index = 0; index < 24; index++)
        {
            var angle = random.Between(0, MathF.Tau);
            var distance = radius * MathF.Sqrt(random.Unit());
            canvas.DrawCircle(distance * MathF.Cos(angle), distance * MathF.Sin(angle), 0.025f, grain);
        }
    }
}
