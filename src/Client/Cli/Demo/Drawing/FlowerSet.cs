using System.Globalization;
using SkiaSharp;

namespace BiT.CommandLine.Demo;

/// <summary>A labelled set of drawn flowers: five classes, split into training and held-out pictures.</summary>
/// <remarks>Picture number n of a class depends on (seed, class, n) only; the held-out ones have numbers of their own.</remarks>
internal sealed class FlowerSet
{
    /// <summary>Side of a picture, in pixels.</summary>
    public const int Side = 96;

    private const int JpegQuality = 92;

    // In label order.
    private static readonly (string Label, Action<SKCanvas, Randomness> Draw)[] Flowers =
    [
        ("daisy", Daisy.Draw),
        ("dandelion", Dandelion.Draw),
        ("rose", Rose.Draw),
        ("sunflower", Sunflower.Draw),
        ("tulip", Tulip.Draw),
    ];

    /// <summary>The class names.</summary>
    public static IReadOnlyList<string> Labels { get; } = [.. Flowers.Select(flower => flower.Label)];

    public ulong Seed { get; init; } = 2019;

    public int TrainPerFlower { get; init; } = 80;

    public int ValidationPerFlower { get; init; } = 20;

    /// <summary>Writes train/{label}/*.jpg and val/{label}/*.jpg below a folder.</summary>
    public void WriteTo(string folder, CancellationToken cancellationToken)
    {
        for (var flower = 0; flower < Flowers.Length; flower++)
        {
            for (var picture = 0; picture < TrainPerFlower + ValidationPerFlower; picture++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var part = picture < TrainPerFlower ? "train" : "val";
                var target = Path.Combine(folder, part, Flowers[flower].Label);
                Directory.CreateDirectory(target);
                var name = string.Create(CultureInfo.InvariantCulture, $"{Flowers[flower].Label}-{picture:000}.jpg");
                File.WriteAllBytes(Path.Combine(target, name), Encode(Seed, flower, picture));
            }
        }
    }

    /// <summary>One picture as JPEG.</summary>
    /// <param name="seed">Seed of the set.</param>
    /// <param name="flower">Index into <see cref="Labels"/>.</param>
    /// <param name="picture">Number of the picture within its class.</param>
    public static byte[] Encode(ulong seed, int flower, int picture)
    {
        var random = Randomness.For(seed, flower, picture);
        using var bitmap = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(bitmap))
        {
            Backdrop.Draw(canvas, random);
            canvas.Save();
            Pose(canvas, random, isUpright: Flowers[flower].Label == "tulip");
            Flowers[flower].Draw(canvas, random);
            canvas.Restore();
            Backdrop.DrawForeground(canvas, random);
        }
        Camera.Expose(bitmap, random);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, JpegQuality);
        return data.ToArray();
    }

    // Afterwards the flower's middle is the origin and its radius is 1. Seen from above a flower may be turned any way; a tulip is
    // seen from the side and leans a little.
    private static void Pose(SKCanvas canvas, Randomness random, bool isUpright)
    {
        var radius = Side * random.Between(0.24f, 0.42f);
        var slack = Side / 2f - radius * 0.75f;
        canvas.Translate(Side / 2f + random.Between(-slack, slack) * 0.8f, Side / 2f + random.Between(-slack, slack) * 0.8f);
        canvas.RotateDegrees(isUpright ? random.Between(-35, 35) : random.Between(0, 360));
        // Tilted away from the viewer.
        canvas.Scale(radius, radius * (isUpright ? random.Between(0.9f, 1.1f) : random.Between(0.68f, 1f)));
    }
}
