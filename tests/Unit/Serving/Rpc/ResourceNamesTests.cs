using BiT.Serving.Rpc;

namespace BiT.Tests.Unit.Serving.Rpc;

public sealed class ResourceNamesTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("models/flowers", "models/flowers@live")]
    [InlineData("models/flowers@canary-2", "models/flowers@canary-2")]
    [InlineData("models/flowers/versions/1", "models/flowers/versions/1")]
    [InlineData("models/f/versions/2147483647", "models/f/versions/2147483647")]
    public void Reference_OfAKnownForm_IsRead(string name, string meaning)
    {
        Assert.True(ResourceNames.TryReadReference(name, out var reference));
        Assert.Equal(meaning, reference.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("flowers")]
    [InlineData("models/")]
    [InlineData("models/Flowers")]
    [InlineData("models/1flowers")]
    [InlineData("models/flowers\n")]
    [InlineData("models/../secrets")]
    [InlineData("models/flowers@")]
    [InlineData("models/flowers@a@b")]
    [InlineData("models/flowers@LIVE")]
    [InlineData("models/flowers/versions/")]
    [InlineData("models/flowers/versions/0")]
    [InlineData("models/flowers/versions/01")]
    [InlineData("models/flowers/versions/-1")]
    [InlineData("models/flowers/versions/+1")]
    [InlineData("models/flowers/versions/2147483648")]
    [InlineData("models/flowers/versions/1/")]
    [InlineData("models/a123456789012345678901234567890123456789012345678901234567890123")]
    public void Reference_OfAnotherForm_IsRefused(string name) => Assert.False(ResourceNames.TryReadReference(name, out _));

    [Theory]
    [InlineData("datasets/" + Hash, true)]
    [InlineData("datasets/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", false)]
    [InlineData("datasets/0123", false)]
    [InlineData("Datasets/" + Hash, false)]
    public void Dataset_IsReadByItsHash(string name, bool isValid)
    {
        Assert.Equal(isValid, ResourceNames.TryReadDataset(name, out var id));
        if (isValid)
            Assert.Equal(name, ResourceNames.OfDataset(id));
    }

    [Theory]
    [InlineData("fineTuneJobs/0123456789abcdef0123456789abcdef", true)]
    [InlineData("fineTuneJobs/0123456789abcdef", false)]
    [InlineData("jobs/0123456789abcdef0123456789abcdef", false)]
    public void Job_IsReadByItsId(string name, bool isValid)
    {
        Assert.Equal(isValid, ResourceNames.TryReadJob(name, out var id));
        if (isValid)
            Assert.Equal(name, ResourceNames.OfJob(id));
    }
}
