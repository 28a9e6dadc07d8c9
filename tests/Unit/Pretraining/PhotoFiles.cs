using System.IO.Compression;
using SkiaSharp;

namespace BiT.Tests.Unit.Pretraining;

/// <summary>Small sets of coloured squares that a network learns in seconds, as a folder or a zip file.</summary>
internal static class PhotoFiles
{
    private static readonly (string Label, byte Red, byte Green, byte Blue)[] Classes = [("blue", 40, 40, 200), ("green", 40, 200, 40), ("red", 200, 40, 40)];

    /// <summary>Content by path below the root: three classes, or fewer.</summary>
    public static SortedDictionary<string, byte[]> Squares(int perClass, int classes = 3, int side = 40)
    {
        var random = new Random(1);
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (label, red, green, blue) in Classes.Take(classes))
        {
            for (var index = 0; index < perClass; index++)
                files.Add($"{label}/{index:00}.png", Square(random, side, (red, green, blue)));
        }
        return files;
    }

    /// <summary>Writes files below a folder and returns the folder.</summary>
    public static string Folder(string path, IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        foreach (var (name, content) in files)
        {
            var file = Path.Combine(path, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file) ?? path);
            File.WriteAllBytes(file, content);
        }
        return path;
    }

    /// <summary>Writes files into a zip file and returns its path.</summary>
    public static string Zip(string path, IEnumerable<KeyValuePair<string, byte[]>> files, CompressionLevel level = CompressionLevel.NoCompression)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, content) in files)
        {
            using var stream = archive.CreateEntry(name, level).Open();
            stream.Write(content);
        }
        return path;
    }

    private static byte[] Square(Random random, int side, (byte Red, byte Green, byte Blue) colour)
    {
        using var bitmap = new SKBitmap(side, side, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
                bitmap.SetPixel(x, y, new SKColor(Noisy(colour.Red), Noisy(colour.Green), Noisy(colour.Blue)));
        }
        using var encoded = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return encoded.ToArray();

        byte Noisy(byte value) => (byte)Math.Clamp(value + random.Next(-30, 31), 0, 255);
    }
}
