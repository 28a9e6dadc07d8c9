using BiT.Core.Imaging;
using SkiaSharp;

namespace BiT.Tests.Unit.Imaging;

public sealed class SquareTransformTests
{
    private static readonly ImageLimits Limits = new();

    [Theory]
    [InlineData(SKEncodedImageFormat.Png, 1)]
    [InlineData(SKEncodedImageFormat.Jpeg, 1)]
    [InlineData(SKEncodedImageFormat.Jpeg, 8)]
    public void Resize_Photo_EqualsDecodeThenResize(SKEncodedImageFormat format, int orientation)
    {
        var encoded = ImageFiles.Encode(format, 500, 375);
        if (orientation != 1)
            encoded = ImageFiles.WithExif(encoded, ImageFiles.Exif(orientation, littleEndian: false));
        var expected = TriangleResampler.Resize(ImageDecoder.Decode(encoded, Limits, 80, 64), 80, 64);
        var actual = new byte[64 * 80 * 3];

        SquareTransform.Resize(encoded, Limits, 64, 80, actual);

        Assert.Equal(expected.Pixels, actual);
    }

    [Fact]
    public void Resize_ScaledJpeg_StaysCloseToTheFullDecode()
    {
        var jpeg = ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 1024, 768);
        var full = TriangleResampler.Resize(ImageDecoder.Decode(jpeg, Limits), 64, 64).Pixels;
        var scaled = new byte[64 * 64 * 3];

        SquareTransform.Resize(jpeg, Limits, 64, 64, scaled);

        // Both average the same coefficients of a smooth picture; they differ by one rounding in the scaled transform and one in the
        // filter.
        Assert.All(full.Zip(scaled), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 3));
    }

    [Fact]
    public void Resize_RejectedImage_LeavesTheDestination()
    {
        var destination = new byte[4 * 4 * 3];
        destination.AsSpan().Fill(77);

        Assert.Throws<ImageRejectedException>(() => SquareTransform.Resize("no image"u8, Limits, 4, 4, destination));

        Assert.All(destination, value => Assert.Equal(77, value));
    }

    [Fact]
    public void Resize_WrongDestinationLength_IsABug() =>
        Assert.Throws<ArgumentException>(() => SquareTransform.Resize(ImageFiles.Png(1, 1, 8, 0, [1]), Limits, 4, 4, new byte[47]));

    [Fact]
    public void Preprocessing_Json_ReadsBackAndRefusesOthers()
    {
        var preprocessing = new Preprocessing { Height = 128, Width = 96 };

        Assert.Equal("""{"height":128,"width":96,"filter":"triangle-antialiased-u8"}""", preprocessing.ToJson());
        Assert.Equal(preprocessing, Preprocessing.FromJson(preprocessing.ToJson()));
        foreach (var other in (string[])["", "null", "{}", """{"height":0,"width":9}""", """{"height":9,"width":9,"filter":"bicubic"}""",
            """{"height":9,"width":9,"crop":0.875}"""])
        {
            Assert.Throws<InvalidDataException>(() => Preprocessing.FromJson(other));
        }
    }
}
