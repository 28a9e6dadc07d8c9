using BiT.Core.Imaging;
using SkiaSharp;

namespace BiT.Tests.Unit.Imaging;

public sealed class ThumbnailTests
{
    private static readonly ImageLimits Limits = new();

    [Theory]
    [InlineData(400, 300, 128, 96)]
    [InlineData(300, 400, 96, 128)]
    [InlineData(128, 20, 128, 20)]
    [InlineData(129, 129, 128, 128)]
    [InlineData(5, 3, 5, 3)]
    [InlineData(2000, 2, 128, 1)]
    public void Make_AnyPhoto_KeepsItsProportions(int width, int height, int expectedWidth, int expectedHeight)
    {
        var thumbnail = Thumbnail.Make(ImageFiles.Encode(SKEncodedImageFormat.Png, width, height), Limits, 128);

        Assert.Equal((expectedWidth, expectedHeight), (thumbnail.Width, thumbnail.Height));
        var header = ImageDecoder.ReadHeader(thumbnail.Jpeg, Limits);
        Assert.Equal(("JPEG", expectedWidth, expectedHeight), (header.Format, header.Width, header.Height));
    }

    [Fact]
    public void Make_TurnedPhoto_IsUprightAndHasItsColours()
    {
        // The corners are red, green, blue, white, clockwise from the top left; orientation 3 turns them by half a circle.
        var jpeg = ImageFiles.WithExif(ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 300, 200), ImageFiles.Exif(3, littleEndian: true));

        var thumbnail = Thumbnail.Make(jpeg, Limits, 60);

        var picture = ImageDecoder.Decode(thumbnail.Jpeg, Limits);
        AssertNear([0, 0, 255], picture, 2, 2);
        AssertNear([255, 255, 255], picture, 57, 2, tolerance: 60);
        AssertNear([255, 0, 0], picture, 57, 37);
    }

    // JPEG at quality 80 and a gradient: near is near enough to tell the corners apart.
    private static void AssertNear(byte[] expected, RgbImage picture, int x, int y, int tolerance = 40)
    {
        var at = picture.Pixels.AsSpan(3 * ((y * picture.Width) + x), 3);
        for (var channel = 0; channel < 3; channel++)
            Assert.InRange(at[channel], expected[channel] - tolerance, expected[channel] + tolerance);
    }
}
