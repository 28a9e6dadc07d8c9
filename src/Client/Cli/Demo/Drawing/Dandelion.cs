using SkiaSharp;

namespace BiT.CommandLine.Demo;

/// <summary>A yellow ball of very many thin rays, without a disc.</summary>
internal static class Dandelion
{
    public static void Draw(SKCanvas canvas, Randomness random)
    {
        if (random.Chance(0.6f))
            Brush.Stem(canvas, random);
        var yellow = Brush.Near(new SKColor(246, 208, 40), random, hue: 8, value: 6);
        var count = random.Whole(34, 52);
        (float End, float Shade)[] layers = [(1f, 0.86f), (0.84f, 0.95f), (0.66f, 1.02f), (0.46f, 1.08f), (0.26f, 0.9f)];
        foreach (var (end, shade) in layers)
            Brush.Ring(canvas, random, new PetalRing((int)(count * (0.4f + 0.6f * end)), Brush.Shade(yellow, shade))
            {
                End = end,
                Width = 0.13f,
                Roundness = 0.35f,
                Jitter = 5,
            });
    }
}
