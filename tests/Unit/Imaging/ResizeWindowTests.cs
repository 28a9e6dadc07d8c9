using BiT.Core.Imaging;
using SkiaSharp;

namespace BiT.Tests.Unit.Imaging;

/// <summary>A part of a photo, resized, is what cutting first and resizing then gives.</summary>
public sealed class ResizeWindowTests
{
    private static readonly ImageLimits Limits = new();

    [Theory]
    [InlineData(SKEncodedImageFormat.Png, 1)]
    [InlineData(SKEncodedImageFormat.Jpeg, 1)]
    [InlineData(SKEncodedImageFormat.Jpeg, 6)]
    public void ResizeWindow_Part_EqualsCutThenResize(SKEncodedImageFormat format, int orientation)
    {
        var encoded = ImageFiles.Encode(format, 50, 40);
        if (orientation != 1)
            encoded = ImageFiles.WithExif(encoded, ImageFiles.Exif(orientation, littleEndian: true));
        var window = new PhotoWindow(3, 5, 30, 33);
        var expected = TriangleResampler.Resize(Cut(ImageDecoder.Decode(encoded, Limits), window), 24, 20);
        var actual = new byte[20 * 24 * 3];

        SquareTransform.ResizeWindow(encoded, Limits, header =>
        {
            Assert.Equal(orientation == 6 ? (40, 50) : (50, 40), (header.Width, header.Height));
            return window;
        }, 20, 24, actual);

        Assert.Equal(expected.Pixels, actual);
    }

    [Fact]
    public void ResizeWindow_WholePhoto_EqualsResize()
    {
        var encoded = ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 700, 600);
        var (whole, window) = (new byte[64 * 64 * 3], new byte[64 * 64 * 3]);

        SquareTransform.Resize(encoded, Limits, 64, 64, whole);
        SquareTransform.ResizeWindow(encoded, Limits, header => new PhotoWindow(0, 0, header.Width, header.Height), 64, 64, window);

        Assert.Equal(whole, window);
    }

    [Fact]
    public void ResizeWindow_OfALargeJpeg_StaysCloseToTheFullDecode()
    {
        var jpeg = ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 2000, 1600);
        var window = new PhotoWindow(301, 402, 901, 700);
        var full = TriangleResampler.Resize(Cut(ImageDecoder.Decode(jpeg, Limits), window), 64, 64).Pixels;
        var scaled = new byte[64 * 64 * 3];

        SquareTransform.ResizeWindow(jpeg, Limits, _ => window, 64, 64, scaled);

        // Decoded at a quarter: an edge moves by two pixels at most, of a picture whose colours change by 255 over 1600 of them; and rounding.
        Assert.All(full.Zip(scaled), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 4));
    }

    [Theory]
    [InlineData(0, 0, 51, 10)]
    [InlineData(41, 0, 10, 10)]
    [InlineData(0, 31, 10, 10)]
    [InlineData(-1, 0, 10, 10)]
    [InlineData(0, 0, 0, 10)]
    [InlineData(1, 1, int.MaxValue, 1)]
    public void ResizeWindow_OutsideThePhoto_IsABug(int left, int top, int width, int height) => Assert.Throws<ArgumentException>(() =>
        SquareTransform.ResizeWindow(ImageFiles.Encode(SKEncodedImageFormat.Png, 50, 40), Limits, _ => new PhotoWindow(left, top, width, height), 8, 8, new byte[192]));

    private static RgbImage Cut(RgbImage image, PhotoWindow window)
    {
        var rows = Enumerable.Range(window.Top, window.Height)
            .SelectMany(y => image.Pixels.AsSpan((y * image.Width + window.Left) * 3, window.Width * 3).ToArray());
        return new RgbImage(window.Width, window.Height, [.. rows]);
    }
}
