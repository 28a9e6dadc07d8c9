using BiT.Core.Imaging;

namespace BiT.Tests.Unit.Imaging;

public sealed class TriangleResamplerTests
{
    public static TheoryData<string> OracleFiles => [.. Directory
        .EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures", "oracle-resample"), "*.json")];

    [Theory]
    [MemberData(nameof(OracleFiles))]
    public void Resize_OracleOfPillow_EqualInEveryByte(string path)
    {
        var result = ResampleOracle.Run(path);

        Assert.True(result.Cases > 0);
        Assert.Equal((0L, 0), (result.DifferingBytes, result.WorstDeviation));
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(1, 1, 7, 5)]
    [InlineData(2, 3, 1, 1)]
    [InlineData(640, 480, 13, 11)]     // short rows: no whole vector
    [InlineData(64, 48, 128, 64)]      // rows of whole vectors, enlarged in width
    [InlineData(37, 41, 37, 20)]       // one pass only
    [InlineData(37, 41, 20, 41)]
    [InlineData(1000, 7, 11, 7)]       // many weights per output
    [InlineData(3000, 2, 1, 1)]
    public void Resize_AnySizes_EqualsTheSlowReference(int width, int height, int toWidth, int toHeight)
    {
        var source = ResampleOracle.Generate("reference", width, height);

        Assert.Equal(
            ReferenceResampler.Resize(source, toWidth, toHeight).Pixels, TriangleResampler.Resize(source, toWidth, toHeight).Pixels);
    }

    [Fact]
    public void Resize_RandomSizes_EqualsTheSlowReference() =>
        CsCheck.Check.Sample(
            CsCheck.Gen.Select(CsCheck.Gen.Int[1, 90], CsCheck.Gen.Int[1, 90], CsCheck.Gen.Int[1, 90], CsCheck.Gen.Int[1, 90]),
            (width, height, toWidth, toHeight) =>
            {
                var source = ResampleOracle.Generate($"{width}", width, height);
                return ReferenceResampler.Resize(source, toWidth, toHeight).Pixels.AsSpan()
                    .SequenceEqual(TriangleResampler.Resize(source, toWidth, toHeight).Pixels);
            },
            iter: 200);

    [Fact]
    public void Resize_FourBytesPerPixel_EqualsThree()
    {
        var packed = ResampleOracle.Generate("rgbx", 61, 43);
        var padded = new byte[61 * 43 * 4];
        for (var i = 0; i < 61 * 43; i++)
        {
            packed.Pixels.AsSpan(3 * i, 3).CopyTo(padded.AsSpan(4 * i));
            padded[(4 * i) + 3] = (byte)(i * 7);
        }
        var destination = new byte[25 * 30 * 3];

        TriangleResampler.Resize(padded, 4, 61, 43, 25, 30, destination);

        Assert.Equal(TriangleResampler.Resize(packed, 25, 30).Pixels, destination);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    public void Resize_OneColour_KeepsIt(byte value)
    {
        var source = new RgbImage(999, 501, [.. Enumerable.Repeat(value, 999 * 501 * 3)]);

        Assert.All(TriangleResampler.Resize(source, 47, 53).Pixels, pixel => Assert.Equal(value, pixel));
    }

    [Fact]
    public void Resize_SameSize_CopiesThePixels()
    {
        var source = ResampleOracle.Generate("same", 33, 21);

        var result = TriangleResampler.Resize(source, 33, 21);

        Assert.Equal(source.Pixels, result.Pixels);
        Assert.NotSame(source.Pixels, result.Pixels);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(-1, 1)]
    public void Resize_NoPixels_IsABug(int width, int height) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TriangleResampler.Resize(ResampleOracle.Generate("x", 2, 2), width, height));
}
