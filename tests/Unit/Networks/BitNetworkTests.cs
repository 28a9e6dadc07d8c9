using BiT.Training.Networks;

namespace BiT.Tests.Unit.Networks;

public sealed class BitNetworkTests
{
    // Source: the official weight files; parameters of the backbone, with a 1000-class head, and arrays without a head.
    [Theory]
    [InlineData("R50x1", 23_500_352, 25_549_352, 151)]
    [InlineData("R50x3", 211_174_080, 217_319_080, 151)]
    [InlineData("R101x1", 42_492_480, 44_541_480, 304)]
    [InlineData("R101x3", 381_789_888, 387_934_888, 304)]
    [InlineData("R152x2", 232_238_208, 236_335_208, 457)]
    [InlineData("R152x4", 928_340_224, 936_533_224, 457)]
    public void PublishedVariant_ParameterCounts_AreThoseOfTheWeightFiles(string name, long backbone, long withHead, int arrays)
    {
        var network = BitNetwork.ByName(name);

        Assert.Equal(backbone, Count(network, 0));
        Assert.Equal(withHead, Count(network, 1000));
        Assert.Equal(arrays, NetworkParameters.List(network, 0).Count);
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.75)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(33)]
    [InlineData(double.NaN)]
    public void Width_ThatIsNoMultipleOfHalf_IsRefusedWithTheReason(double width)
    {
        var problem = Assert.Throws<NetworkException>(() => new BitNetwork("odd", [1, 1, 1, 1], width));

        Assert.Contains("multiple of 1/2", problem.Message);
        Assert.Contains("32 groups", problem.Message);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(32)]
    public void Width_ThatIsAMultipleOfHalf_GivesWholeGroups(double width)
    {
        var network = new BitNetwork("wide", [1, 1, 1, 1], width);

        Assert.All(NetworkParameters.List(network, 0).Where(parameter => parameter.Kind == ParameterKind.Gamma),
            gamma => Assert.Equal(0, gamma.ElementCount % BitNetwork.GroupCount));
    }

    [Fact]
    public void ByName_UnknownName_ListsTheKnownOnes()
    {
        var problem = Assert.Throws<NetworkException>(() => BitNetwork.ByName("R18x1"));

        Assert.All(["bit-tiny", "R50x1", "R152x4"], name => Assert.Contains(name, problem.Message));
    }

    [Fact]
    public void Depths_WithAnEmptyBlock_AreRefused() =>
        Assert.Throws<NetworkException>(() => new BitNetwork("short", [1, 0, 1, 1], 1));

    private static long Count(BitNetwork network, int classes) =>
        NetworkParameters.List(network, classes).Sum(parameter => (long)parameter.ElementCount);
}
