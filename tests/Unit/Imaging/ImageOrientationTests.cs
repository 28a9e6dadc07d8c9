using BiT.Core.Imaging;
using SkiaSharp;

namespace BiT.Tests.Unit.Imaging;

public sealed class ImageOrientationTests
{
    private static readonly ImageLimits Limits = new();

    // Where the stored picture's corners (0 top left, then clockwise) are to be seen, by orientation, in the same order.
    private static readonly int[][] Corners =
        [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0], [0, 3, 2, 1], [3, 0, 1, 2], [2, 1, 0, 3], [1, 2, 3, 0]];

    public static TheoryData<int, bool> Orientations =>
        new(from orientation in Enumerable.Range(1, 8) from littleEndian in (bool[])[true, false] select (orientation, littleEndian));

    [Theory]
    [MemberData(nameof(Orientations))]
    public void Decode_JpegWithOrientation_IsUpright(int orientation, bool littleEndian)
    {
        var plain = ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 48, 32);
        AssertTurned(plain, ImageFiles.WithExif(plain, ImageFiles.Exif(orientation, littleEndian)), orientation);
    }

    [Theory]
    [MemberData(nameof(Orientations))]
    public void Decode_WebPWithOrientation_IsUpright(int orientation, bool littleEndian)
    {
        var plain = ImageFiles.Encode(SKEncodedImageFormat.Webp, 48, 32);
        AssertTurned(plain, ImageFiles.WebPWithExif(plain, 48, 32, ImageFiles.Exif(orientation, littleEndian)), orientation);
    }

    [Theory]
    [MemberData(nameof(Orientations))]
    public void Decode_PngWithOrientation_IsUpright(int orientation, bool littleEndian)
    {
        var rows = ResampleOracle.Generate("orientation", 75, 41).Pixels;
        var chunk = ("eXIf", ImageFiles.Exif(orientation, littleEndian));
        var plain = ImageFiles.Png(75, 41, 8, 2, rows);

        AssertTurned(plain, ImageFiles.Png(75, 41, 8, 2, rows, before: [chunk]), orientation);
        AssertTurned(plain, ImageFiles.Png(75, 41, 8, 2, rows, after: [chunk]), orientation);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(65535)]
    public void Decode_InvalidOrientation_IsIgnored(int orientation)
    {
        var exif = ImageFiles.Exif(orientation, littleEndian: true);
        var jpeg = ImageFiles.WithExif(ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 16, 8), exif);
        var png = ImageFiles.Png(2, 1, 8, 0, [1, 2], before: [("eXIf", exif)]);

        Assert.Equal((16, 1), (ImageDecoder.ReadHeader(jpeg, Limits).Width, ImageDecoder.ReadHeader(jpeg, Limits).Orientation));
        Assert.Equal((2, 1), (ImageDecoder.ReadHeader(png, Limits).Width, ImageDecoder.ReadHeader(png, Limits).Orientation));
    }

    [Fact]
    public void Read_EveryDamagedBlock_IsIgnoredOrRead()
    {
        foreach (var littleEndian in (bool[])[true, false])
        {
            var exif = ImageFiles.Exif(6, littleEndian);
            Assert.Equal(6, ExifOrientation.Read(exif));
            for (var length = 0; length < exif.Length - 6; length++)
                Assert.Equal(1, ExifOrientation.Read(exif.AsSpan(0, length)));
            for (var i = 0; i < exif.Length; i++)
            {
                var damaged = (byte[])exif.Clone();
                damaged[i] ^= 0xFF;
                Assert.InRange(ExifOrientation.Read(damaged), 1, 8);
            }
        }
    }

    [Fact]
    public void Decode_TurnedJpegWithTarget_ScalesByTheSidesAsSeen()
    {
        var jpeg = ImageFiles.WithExif(ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 640, 320), ImageFiles.Exif(6, littleEndian: true));

        // Seen as 320 x 640. 80 x 160 allows 1/2; judged by the stored sides, 160 would allow nothing.
        var image = ImageDecoder.Decode(jpeg, Limits, 80, 160);

        Assert.Equal((160, 320), (image.Width, image.Height));
    }

    private static void AssertTurned(byte[] plain, byte[] turned, int orientation)
    {
        var stored = ImageDecoder.Decode(plain, Limits);
        var seen = ImageDecoder.Decode(turned, Limits);
        var header = ImageDecoder.ReadHeader(turned, Limits);

        Assert.Equal(orientation, header.Orientation);
        Assert.Equal((seen.Width, seen.Height), (header.Width, header.Height));
        Assert.Equal(orientation >= 5 ? (stored.Height, stored.Width) : (stored.Width, stored.Height), (seen.Width, seen.Height));
        Assert.Equal(CornersOf(seen), Corners[orientation - 1].Select(corner => CornersOf(stored)[corner]));
    }

    private static string[] CornersOf(RgbImage image)
    {
        string Pixel(int x, int y) => string.Join(",", image.Pixels.AsSpan(((y * image.Width) + x) * 3, 3).ToArray());
        return [Pixel(0, 0), Pixel(image.Width - 1, 0), Pixel(image.Width - 1, image.Height - 1), Pixel(0, image.Height - 1)];
    }
}
