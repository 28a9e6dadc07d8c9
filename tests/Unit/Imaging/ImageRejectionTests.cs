using BiT.Core.Imaging;
using SkiaSharp;

namespace BiT.Tests.Unit.Imaging;

public sealed class ImageRejectionTests
{
    private static readonly ImageLimits Limits = new();

    [Theory]
    [InlineData("hello, this is text", ImageProblem.NotAnImage)]
    [InlineData("\u0001", ImageProblem.NotAnImage)]
    [InlineData("BM but a letter, not a bitmap, however long it goes on", ImageProblem.Corrupt)]
    [InlineData("II*\0rest of a tiff", ImageProblem.UnsupportedFormat)]
    [InlineData("\0\0\0\u0018ftypheic", ImageProblem.UnsupportedFormat)]
    [InlineData("\0\0\u0001\0 an icon, which Skia would decode", ImageProblem.UnsupportedFormat)]
    [InlineData("", ImageProblem.Empty)]
    public void Decode_NoSupportedImage_IsRejected(string content, ImageProblem problem)
    {
        var bytes = System.Text.Encoding.Latin1.GetBytes(content);

        Assert.Equal(problem, Rejection(bytes, Limits).Problem);
        Assert.Equal(problem, Assert.Throws<ImageRejectedException>(() => ImageDecoder.ReadHeader(bytes, Limits)).Problem);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void Decode_EveryTruncation_IsRejected(SKEncodedImageFormat format)
    {
        var whole = ImageFiles.Encode(format, 24, 24);
        // The last two bytes of a JPEG (its end marker) and the last chunk of a PNG carry no pixels.
        var needed = whole.Length - (format == SKEncodedImageFormat.Png ? 16 : 2);
        for (var length = 0; length < needed; length += length < 64 ? 1 : 37)
        {
            var problem = Rejection(whole[..length], Limits).Problem;
            Assert.Contains(
                problem, (ImageProblem[])[ImageProblem.Empty, ImageProblem.NotAnImage, ImageProblem.Truncated, ImageProblem.Corrupt]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public void Decode_TruncatedJpeg_SaysSo(int target)
    {
        var whole = ImageFiles.Encode(SKEncodedImageFormat.Jpeg, 400, 300);

        var rejection = Assert.Throws<ImageRejectedException>(
            () => ImageDecoder.Decode(whole.AsSpan(0, whole.Length / 2), Limits, target, target));

        Assert.Equal(ImageProblem.Truncated, rejection.Problem);
        Assert.Contains("JPEG", rejection.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_WholeFileThatCannotBeRead_IsNotCalledTruncated()
    {
        // An invalid colour type in an otherwise whole PNG.
        var png = ImageFiles.Png(1, 1, 8, 1, [1]);

        Assert.Equal(ImageProblem.Corrupt, Rejection(png, Limits).Problem);
    }

    [Fact]
    public void Decode_DamagedPixels_AreCorrupt()
    {
        var png = ImageFiles.Png(64, 64, 8, 2, [.. ResampleOracle.Generate("damage", 64, 64).Pixels]);
        png.AsSpan(png.Length / 2, 64).Clear();

        Assert.Contains(Rejection(png, Limits).Problem, (ImageProblem[])[ImageProblem.Corrupt, ImageProblem.Truncated]);
    }

    [Fact]
    public void Decode_HugePngHeader_IsRejectedByItsHeader()
    {
        var bomb = ImageFiles.HugePng(30_000, 30_000);

        var rejection = Rejection(bomb, Limits);

        Assert.Equal(ImageProblem.SideTooLong, rejection.Problem);
        Assert.Equal(
            "The image is 30,000 x 30,000 pixels; the limit is MaxImageSide = 20,000. Resize it or raise the limit.", rejection.Message);
        Assert.Equal(ImageProblem.TooManyPixels, Rejection(bomb, Limits with { MaxImageSide = 30_000 }).Problem);
        Assert.Equal(ImageProblem.SideTooLong, Rejection(ImageFiles.HugePng(-1, -1), Limits).Problem);
        Assert.Equal(ImageProblem.Empty, Rejection(ImageFiles.HugePng(0, 5), Limits).Problem);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void Decode_AtBelowAndAboveEachLimit_AcceptsUpToTheLimit(SKEncodedImageFormat format)
    {
        var encoded = ImageFiles.Encode(format, 20, 10);

        foreach (var slack in (int[])[0, 1])
        {
            Assert.Equal(20, ImageDecoder.Decode(encoded, Limits with { MaxImageBytes = encoded.Length + slack }).Width);
            Assert.Equal(20, ImageDecoder.Decode(encoded, Limits with { MaxImageSide = 20 + slack }).Width);
            Assert.Equal(20, ImageDecoder.Decode(encoded, Limits with { MaxImagePixels = 200 + slack }).Width);
        }
        Assert.Equal(ImageProblem.TooManyBytes, Rejection(encoded, Limits with { MaxImageBytes = encoded.Length - 1 }).Problem);
        Assert.Equal(ImageProblem.SideTooLong, Rejection(encoded, Limits with { MaxImageSide = 19 }).Problem);
        Assert.Equal(ImageProblem.TooManyPixels, Rejection(encoded, Limits with { MaxImagePixels = 199 }).Problem);
    }

    [Fact]
    public void ToReason_EveryProblem_IsUpperSnake()
    {
        foreach (var problem in Enum.GetValues<ImageProblem>())
        {
            Assert.Equal(
                problem.ToString(), string.Concat(problem.ToReason().Split('_').Select(word => word[..1] + word[1..].ToLowerInvariant())));
        }
    }

    private static ImageRejectedException Rejection(byte[] encoded, ImageLimits limits) =>
        Assert.Throws<ImageRejectedException>(() => ImageDecoder.Decode(encoded, limits));
}
