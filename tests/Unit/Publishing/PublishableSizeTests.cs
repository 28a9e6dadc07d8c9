using BiT.Training.Networks;
using BiT.Training.Publishing;

namespace BiT.Tests.Unit.Publishing;

public sealed class PublishableSizeTests
{
    [Theory]
    [InlineData("bit-tiny", 1000)]
    [InlineData("R101x3", 0)]
    [InlineData("R101x3", 1000)]
    [InlineData("R152x2", 21_843)]
    public void Network_WithinOneFile_IsNoViolation(string network, int classes) =>
        Assert.Null(PublishableSize.Violation(BitNetwork.ByName(network), classes));

    [Theory]
    [InlineData("R152x4", 0, "3.71 GB")]
    [InlineData("R152x4", 1000, "3.75 GB")]
    [InlineData("R101x3", 21_843, "2.06 GB")]
    public void Network_BeyondOneFile_IsNamedWithSizeLimitAndCure(string network, int classes, string size)
    {
        var violation = PublishableSize.Violation(BitNetwork.ByName(network), classes) ?? "";

        Assert.All([network, size, "1.9 GB", "bit-tiny", "R152x2)"], part => Assert.Contains(part, violation));
        Assert.Equal(network == "R101x3", violation.Contains("fewer classes"));
    }
}
