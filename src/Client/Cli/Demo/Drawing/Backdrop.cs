using SkiaSharp;

namespace BiT.CommandLine.Demo;

/// <summary>What is behind and before a flower; says nothing about which flower it is.</summary>
internal static class Backdrop
{
    private static readonly (SKColor Top, SKColor Bottom)[] Places =
    [
        (new(90, 140, 70), new(50, 90, 40)),       // meadow
        (new(150, 190, 225), new(110, 150, 90)),   // sky over grass
        (new(110, 85, 60), new(70, 52, 38)),       // soil
        (new(190, 180, 165), new(150, 140, 125)),  // wall
        (new(70, 80, 90), new(35, 42, 46)),        // dusk
        (new(200, 205, 190), new(120, 150, 110)),  // haze
    ];

    private static readonly SKColor[] Spots =
        [new(120, 170, 90), new(60, 100, 50), new(230, 220, 150), new(210, 120, 130),
         new(240, 240, 235), new(140, 110, 160), new(100, 80, 60)];

    public static void Draw(SKCanvas canvas, Randomness random)
    {
        const float side = FlowerSet.Side;
        var (top, bottom) = random.Pick(Places);
        var turn = random.Between(-0.6f, 0.6f);
        using (var gradient = SKShader.CreateLinearGradient(
            new SKPoint(side * (0.5f - turn), 0), new SKPoint(side * (0.5f + turn), side),
            [Brush.Near(top, random, 12, 12, 14), Brush.Near(bottom, random, 12, 12, 14)], SKShaderTileMode.Clamp))
        using (var sky = new SKPaint { Shader = gradient })
            canvas.DrawPaint(sky);

        // Out of focus: leaves and other flowers.
        for (var spot = random.Whole(4, 12); spot > 0; spot--)
        {
            var color = Brush.Near(random.Pick(Spots), random, 15, 15, 15).WithAlpha((byte)random.Whole(50, 150));
            var at = new SKPoint(random.Between(0, side), random.Between(0, side));
            var radius = random.Between(0.05f, 0.22f) * side;
            using var blur = SKShader.CreateRadialGradient(
                at, radius, [color, color, color.WithAlpha(0)], [0, 0.6f, 1], SKShaderTileMode.Clamp);
            using var paint = new SKPaint { IsAntialias = true, Shader = blur };
            canvas.DrawCircle(at, radius, paint);
        }
        Blades(canvas, random, random.Whole(0, 14));
    }

    public static void DrawForeground(SKCanvas canvas, Randomness random)
    {
        if (random.Chance(0.35f))
            Blades(canvas, random, random.Whole(1, 4));
    }

    // Blades of grass from the lower edge.
    private static void Blades(SKCanvas canvas, Randomness random, int count)
    {
        const float side = FlowerSet.Side;
        for (; count > 0; count--)
        {
            using var paint = Brush.Line(Brush.Near(new SKColor(85, 135, 55), random, 20, 20, 20), random.Between(0.8f, 2.4f));
            var x = random.Between(0, side);
            using var builder = new SKPathBuilder();
            builder.MoveTo(x, side + 2);
            builder.QuadTo(
                x + random.Between(-8, 8), side * random.Between(0.6f, 0.85f),
                x + random.Between(-22, 22), side * random.Between(0.3f, 0.75f));
            using var blade = builder.Detach();
            canvas.DrawPath(blade, paint);
        }
    }
}
