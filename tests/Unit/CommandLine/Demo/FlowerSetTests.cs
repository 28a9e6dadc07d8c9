using BiT.Client;
using BiT.CommandLine.Demo;
using SkiaSharp;

namespace BiT.Tests.Unit.CommandLine.Demo;

public sealed class FlowerSetTests
{
    [Fact]
    public void Encode_SameSeed_SameBytes()
    {
        for (var flower = 0; flower < FlowerSet.Labels.Count; flower++)
            Assert.Equal(FlowerSet.Encode(7, flower, 3), FlowerSet.Encode(7, flower, 3));
    }

    [Fact]
    public void Encode_EverySeedFlowerAndNumber_IsAnotherPicture()
    {
        var pictures = new HashSet<string>();
        foreach (var seed in (ulong[])[1, 2])
            for (var flower = 0; flower < FlowerSet.Labels.Count; flower++)
                for (var picture = 0; picture < 12; picture++)
                    Assert.True(
                        pictures.Add(Convert.ToHexString(FlowerSet.Encode(seed, flower, picture))),
                        $"{seed}/{flower}/{picture} is drawn twice.");
    }

    [Fact]
    public void Encode_Picture_IsAJpegOfTheStatedSize()
    {
        using var codec = SKCodec.Create(new MemoryStream(FlowerSet.Encode(2019, 0, 0)));

        Assert.Equal(SKEncodedImageFormat.Jpeg, codec.EncodedFormat);
        Assert.Equal((FlowerSet.Side, FlowerSet.Side), (codec.Info.Width, codec.Info.Height));
    }

    [Fact]
    public void WriteTo_Folder_IsAGivenSplitWithoutSharedPictures()
    {
        using var folder = new TemporaryFolder();

        new FlowerSet { TrainPerFlower = 3, ValidationPerFlower = 2 }.WriteTo(folder.Path, TestContext.Current.CancellationToken);

        var read = PhotoFolder.Read(folder.Path);
        Assert.True(read.IsSplit);
        Assert.Equal(["daisy", "dandelion", "rose", "sunflower", "tulip"], read.Labels);
        Assert.Equal(15, read.Photos.Count(photo => photo.Split == Split.Train));
        Assert.Equal(10, read.Photos.Count(photo => photo.Split == Split.Validation));
        Assert.Equal(25, read.Photos.Select(photo => Convert.ToHexString(File.ReadAllBytes(photo.Path))).Distinct().Count());
    }

    [Fact]
    public void Randomness_SplitMix64_GivesThePublishedNumbers()
    {
        // First outputs for seed 1234567, as in the reference implementation's test vectors.
        var random = new Randomness(1234567);

        Assert.Equal([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL], [random.Next(), random.Next(), random.Next()]);
    }
}
