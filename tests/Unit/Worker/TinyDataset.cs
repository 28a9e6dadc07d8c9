using BiT.Core.Store;
using SkiaSharp;

namespace BiT.Tests.Unit.Worker;

/// <summary>A data set of coloured squares that a network learns in seconds: red, green and blue, with noise.</summary>
internal static class TinyDataset
{
    private static readonly (string Label, byte Red, byte Green, byte Blue)[] Classes = [("blue", 40, 40, 200), ("green", 40, 200, 40), ("red", 200, 40, 40)];

    public static DatasetRecord Save(Workspace workspace, int trainPerClass, int validationPerClass, int side = 40)
    {
        var random = new Random(1);
        var photos = new List<Photo>();
        foreach (var (label, red, green, blue) in Classes)
        {
            for (var index = 0; index < trainPerClass + validationPerClass; index++)
            {
                using var bitmap = new SKBitmap(side, side, SKColorType.Rgba8888, SKAlphaType.Opaque);
                for (var y = 0; y < side; y++)
                {
                    for (var x = 0; x < side; x++)
                        bitmap.SetPixel(x, y, new SKColor(Noisy(random, red), Noisy(random, green), Noisy(random, blue)));
                }
                using var encoded = bitmap.Encode(SKEncodedImageFormat.Png, 100);
                using var content = encoded.AsStream();
                var blob = workspace.Blobs.Put(content);
                photos.Add(new Photo($"{label}-{index}.png", label, index < trainPerClass ? Split.Train : Split.Validation, blob, side, side, encoded.Size));
            }
        }
        return workspace.Datasets.Save("squares", photos);
    }

    private static byte Noisy(Random random, byte value) => (byte)Math.Clamp(value + random.Next(-30, 31), 0, 255);
}
