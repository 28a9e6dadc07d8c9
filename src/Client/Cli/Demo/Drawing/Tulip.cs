using SkiaSharp;

namespace BiT.CommandLine.Demo;

/// <summary>A cup of a few tall petals, seen from the side, on a stem with long leaves.</summary>
internal static class Tulip
{
    private static readonly SKColor[] Colors =
        [new(205, 30, 45), new(235, 110, 150), new(120, 50, 140), new(245, 190, 50), new(240, 120, 40), new(244, 236, 230)];

    public static void Draw(SKCanvas canvas, Randomness random)
    {
        canvas.Translate(0, -0.3f);
        Brush.Stem(canvas, random);
        Leaves(canvas, random);
        var color = Brush.Near(random.Pick(Colors), random);
        var height = random.Between(0.85f, 1.05f);
        var width = random.Between(0.5f, 0.68f);
        // Two petals behind, two at the sides, one in front.
        Petal(canvas, Brush.Shade(color, 0.72f), -width * 0.35f, width * 0.5f, height * 0.95f);
        Petal(canvas, Brush.Shade(color, 0.72f), width * 0.35f, width * 0.5f, height * 0.95f);
        Petal(canvas, Brush.Shade(color, 0.9f), -width * 0.55f, width * 0.55f, height * random.Between(0.85f, 1));
        Petal(canvas, Brush.Shade(color, 0.9f), width * 0.55f, width * 0.55f, height * random.Between(0.85f, 1));
        Petal(
            canvas, Brush.Near(color, random, hue: 3, value: 4),
            random.Between(-0.08f, 0.08f), width * 0.62f, height * random.Between(0.78f, 0.95f));
    }

    // From the cup's bottom at (0, 0.7) up to a tip at (x, 0.7 - 1.5 height), leaning outwards with x.
    private static void Petal(SKCanvas canvas, SKColor color, float x, float halfWidth, float height)
    {
        const float bottom = 0.7f;
        var top = bottom - 1.5f * height;
        using var builder = new SKPathBuilder();
        builder.MoveTo(0, bottom);
        builder.CubicTo(x - halfWidth * 1.25f, bottom - 0.05f, x - halfWidth * 1.2f, top + 0.7f * height, x, top);
        builder.CubicTo(x + halfWidth * 1.2f, top + 0.7f * height, x + halfWidth * 1.25f, bottom - 0.05f, 0, bottom);
        builder.Close();
        using var path = builder.Detach();
        using (var fill = Brush.Fill(color))
            canvas.DrawPath(path, fill);
        using var edge = Brush.Line(Brush.Shade(color, 0.7f), 0.035f);
        canvas.DrawPath(path, edge);
    }

    private static void Leaves(SKCanvas canvas, Randomness random)
    {
        using var green = Brush.Fill(Brush.Near(new SKColor(80, 130, 70), random, hue: 15, value: 12));
        foreach (var side in (float[])[-1, 1])
        {
            if (random.Chance(0.3f))
                continue;
            canvas.Save();
            canvas.Translate(0, random.Between(1.8f, 2.3f));
            canvas.RotateDegrees(-90 + side * random.Between(14, 32));
            using var path = Brush.Petal(0, random.Between(1.3f, 1.8f), 0.32f, 0.05f);
            canvas.DrawPath(path, green);
            canvas.Restore();
        }
    }
}
