using BiT.Core.Imaging;
using SkiaSharp;

namespace BiT.Tests.Unit.Imaging;

public sealed class ImageDecoderTests
{
    private static readonly ImageLimits Limits = new();

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg, "JPEG")]
    [InlineData(SKEncodedImageFormat.Png, "PNG")]
    [InlineData(SKEncodedImageFormat.Webp, "WebP")]
    public void Decode_EncodedPicture_GivesItsPixels(SKEncodedImageFormat format, string name)
    {
        var encoded = ImageFiles.Encode(format, 40, 30);

        var header = ImageDecoder.ReadHeader(encoded, Limits);
        var image = ImageDecoder.Decode(encoded, Limits);

        Assert.Equal(new ImageHeader(name, 40, 30, 1), header);
        Assert.Equal((40, 30), (image.Width, image.Height));
        // Lossy formats at quality 95 stay well within 16 on a smooth picture; a swapped channel is off by 255.
        AssertNear([255, 0, 0], image.Pixels[..3], 16);
        AssertNear([0, 255, 0], image.Pixels[(39 * 3)..(40 * 3)], 16);
        AssertNear([0, 0, 255], image.Pixels[^3..], 16);
    }

    [Fact]
    public void Decode_Bmp_GivesItsPixels()
    {
        byte[] rgb = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120];

        Assert.Equal(rgb, ImageDecoder.Decode(ImageFiles.Bmp(2, 2, rgb), Limits).Pixels);
    }

    [Fact]
    public void Decode_AnimatedGif_GivesTheFirstFrame() =>
        Assert.Equal([9, 8, 7], ImageDecoder.Decode(ImageFiles.TwoFrameGif([1, 2, 3], [9, 8, 7]), Limits).Pixels);

    [Fact]
    public void Decode_Alpha_IsDroppedNotBlended()
    {
        var png = ImageFiles.Png(3, 1, 8, 6, [200, 100, 50, 0, 200, 100, 50, 128, 200, 100, 50, 255]);

        Assert.Equal([200, 100, 50, 200, 100, 50, 200, 100, 50], ImageDecoder.Decode(png, Limits).Pixels);
    }

    [Fact]
    public void Decode_GrayKinds_RepeatTheValueInEachChannel()
    {
        Assert.Equal([7, 7, 7, 250, 250, 250], ImageDecoder.Decode(ImageFiles.Png(2, 1, 8, 0, [7, 250]), Limits).Pixels);
        Assert.Equal([7, 7, 7, 250, 250, 250], ImageDecoder.Decode(ImageFiles.Png(2, 1, 8, 4, [7, 0, 250, 99]), Limits).Pixels);
        Assert.Equal([7, 7, 7, 250, 250, 250], ImageDecoder.Decode(ImageFiles.Png(2, 1, 16, 0, [7, 7, 250, 250]), Limits).Pixels);
        var jpeg = ImageDecoder.Decode(ImageFiles.GrayJpeg(16, 16), Limits).Pixels;
        Assert.All(jpeg.Chunk(3), pixel => Assert.True(pixel[0] == pixel[1] && pixel[1] == pixel[2]));
    }

    [Fact]
    public void Decode_PaletteWithTransparency_GivesThePaletteColours()
    {
        var png = ImageFiles.Png(2, 1, 8, 3, [1, 0], [("PLTE", [1, 2, 3, 200, 150, 100]), ("tRNS", [255, 0])]);

        Assert.Equal([200, 150, 100, 1, 2, 3], ImageDecoder.Decode(png, Limits).Pixels);
    }

    [Fact]
    public void Decode_GammaChunk_IsIgnored()
    {
        var png = ImageFiles.Png(1, 1, 8, 2, [10, 100, 200], [("gAMA", [0, 0, 0x27, 0x10])]);

        Assert.Equal([10, 100, 200], ImageDecoder.Decode(png, Limits).Pixels);
    }

    [Theory]
    [InlineData(200, 150, 400, 300)]   // 1/4 leaves exactly twice the target
    [InlineData(201, 150, 800, 600)]   // one pixel more on one side: 1/2
    [InlineData(100, 75, 200, 150)]
    [InlineData(1, 1, 200, 150)]       // never below 1/8
    [InlineData(500, 500, 1600, 1200)]
    [InlineData(0, 0, 1600, 1200)]
    [InlineData(10, 0, 1600, 1200)]
    public void Decode_JpegWithTarget_IsScaledWhileTwiceTheTarget(int targetWidth, int targetHeight, int width, int height)
    {
        var jpeg = ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 1600, 1200);

        var image = ImageDecoder.Decode(jpeg, Limits, targetWidth, targetHeight);

        Assert.Equal((width, height), (image.Width, image.Height));
        Assert.Equal((long)width * height, ImageDecoder.DecodedPixels(ImageDecoder.ReadHeader(jpeg, Limits), targetWidth, targetHeight));
    }

    [Fact]
    public void Decode_OddJpegWithTarget_RoundsItsSidesUpAsDecodedPixelsSays()
    {
        var jpeg = ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 1003, 805);

        var image = ImageDecoder.Decode(jpeg, Limits, 60, 50);

        Assert.Equal((126, 101), (image.Width, image.Height));
        Assert.Equal(126 * 101, ImageDecoder.DecodedPixels(ImageDecoder.ReadHeader(jpeg, Limits), 60, 50));
    }

    [Fact]
    public void Decode_PngWithTarget_KeepsItsSize() =>
        Assert.Equal(160, ImageDecoder.Decode(ImageFiles.Encode(SKEncodedImageFormat.Png, 160, 120), Limits, 2, 2).Width);

    private static void AssertNear(byte[] expected, byte[] actual, int tolerance)
    {
        for (var i = 0; i < expected.Length; i++)
            Assert.InRange(actual[i], expected[i] - tolerance, expected[i] + tolerance);
    }
}
