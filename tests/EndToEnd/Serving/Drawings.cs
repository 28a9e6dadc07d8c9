using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Small pictures of one colour with a mark that makes each of them different.</summary>
internal static class Drawings
{
    public static byte[] Png(SKColor colour, int mark = 0) => Draw(colour, mark, SKEncodedImageFormat.Png);

    public static byte[] Jpeg(SKColor colour, int mark = 0) => Draw(colour, mark, SKEncodedImageFormat.Jpeg);

    private static byte[] Draw(SKColor colour, int mark, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(40, 32);
        bitmap.Erase(colour);
        for (var bit = 0; bit < 16; bit++)
        {
            if ((mark >> bit & 1) != 0)
                bitmap.SetPixel(2 * bit, 1, SKColors.White);
        }
        using var data = bitmap.Encode(format, 90);
        return data.ToArray();
    }
}
