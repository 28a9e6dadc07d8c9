using SkiaSharp;

namespace BiT.CommandLine.Demo;

/// <summary>Broad petals that overlap in rings, darker towards the middle, closed by a spiral.</summary>
internal static class Rose
{
    private static readonly SKColor[] Colors =
        [new(200, 24, 48), new(230, 90, 130), new(240, 160, 170), new(244, 226, 214), new(240, 140, 80), new(150, 16, 50)];

    public static void Draw(SKCanvas canvas, Randomness random)
    {
        if (random.Chance(0.5f))
            Brush.Stem(canvas, random);
        Leaves(canvas, random);
        var color = Brush.Near(random.Pick(Colors), random);
        var turn = random.Between(0, MathF.Tau);
        const int rings = 4;
        for (var ring = 0; ring < rings; ring++)
        {
            var distance = 0.62f - 0.17f * ring;
            var radius = 0.46f - 0.07f * ring;
            var count = 6 - ring;
            for (var index = 0; index < count; index++)
            {
                var angle = turn + ring * 0.55f + MathF.Tau * index / count + random.Between(-0.12f, 0.12f);
                Petal(
                    canvas, random, Brush.Shade(color, 1.08f - 0.1f * ring),
                    new SKPoint(distance * MathF.Cos(angle), distance * MathF.Sin(angle)), radius);
            }
        }
        Spiral(canvas, random, Brush.Shade(color, 0.55f));
    }

    private static void Petal(SKCanvas canvas, Randomness random, SKColor color, SKPoint at, float radius)
    {
        var own = Brush.Near(color, random, hue: 3, saturation: 5, value: 4);
        var size = radius * random.Between(0.9f, 1.1f);
        using (var fill = Brush.Fill(own))
            canvas.DrawOval(at.X, at.Y, size, size * random.Between(0.85f, 1f), fill);
        using var edge = Brush.Line(Brush.Shade(own, 0.68f), 0.04f);
        canvas.DrawOval(at.X, at.Y, size, size * 0.93f, edge);
    }

    private static void Spiral(SKCanvas canvas, Randomness random, SKColor color)
    {
        using var builder = new SKPathBuilder();
        var turn = random.Between(0, MathF.Tau);
        for (var step = 0; step <= 40; step++)
        {
            var angle = turn + step * 0.3f;
            var distance = 0.008f * step;
            var point = new SKPoint(distance * MathF.Cos(angle), distance * MathF.Sin(angle));
            if (step == 0)
                builder.MoveTo(point);
            else
                builder.LineTo(point);
        }
        using var path = builder.Detach();
        using var line = Brush.Line(color, 0.05f);
        canvas.DrawPath(path, line);
    }

    private static void Leaves(SKCanvas canvas, Randomness random)
    {
        using var green = Brush.Fill(Brush.Near(new SKColor(46, 96, 46), random, hue: 12, value: 12));
        for (var leaf = random.Whole(0, 3); leaf > 0; leaf--)
        {
            canvas.Save();
            canvas.RotateDegrees(random.Between(0, 360));
            using var path = Brush.Petal(0.6f, random.Between(1.25f, 1.6f), 0.4f, 0.1f);
            canvas.DrawPath(path, green);
            canvas.Restore();
        }
    }
}
