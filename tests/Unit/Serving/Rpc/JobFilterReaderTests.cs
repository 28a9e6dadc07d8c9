using BiT.Core.Store;
using BiT.Serving.Rpc;

namespace BiT.Tests.Unit.Serving.Rpc;

public sealed class JobFilterReaderTests
{
    private static readonly string Dataset = new('a', 64);

    [Fact]
    public void Filter_WithEveryField_IsRead()
    {
        var filter = JobFilterReader.Read($"state != FAILED AND done=true AND model = \"models/flowers\"  AND dataset=datasets/{Dataset}");

        Assert.Equal(
            [
                new JobCondition(JobField.State, true, "Failed"), new JobCondition(JobField.Done, false, "true"),
                new JobCondition(JobField.Model, false, "flowers"), new JobCondition(JobField.Dataset, false, Dataset),
            ],
            filter.Conditions);
        Assert.Empty(JobFilterReader.Read("  ").Conditions);
    }

    [Theory]
    [InlineData("status = RUNNING", 1, "a field")]
    [InlineData("state RUNNING", 7, "= or !=")]
    [InlineData("state > RUNNING", 7, "= or !=")]
    [InlineData("state = running", 9, "RUNNING")]
    [InlineData("state = ", 9, "RUNNING")]
    [InlineData("state = RUNNING OR done = true", 17, "AND")]
    [InlineData("state = RUNNING AND", 20, "a field")]
    [InlineData("done = yes", 8, "true or false")]
    [InlineData("model = flowers", 9, "models/{model}")]
    [InlineData("model = \"models/flowers", 9, "closing")]
    [InlineData("dataset = datasets/1", 11, "datasets/{sha256")]
    public void Filter_ThatIsWrong_SaysWhereAndWhatIsAllowed(string filter, int position, string expected)
    {
        var violation = Assert.Single(Assert.Throws<InvalidRequestException>(() => JobFilterReader.Read(filter)).Violations);

        Assert.Equal("filter", violation.Field);
        Assert.StartsWith($"at character {position}: ", violation.Description, StringComparison.Ordinal);
        Assert.Contains(expected, violation.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public void Filter_AtItsLimit_IsHeldToIt(int length, bool isValid)
    {
        var filter = "done = true".PadRight(length);

        if (isValid)
            Assert.Single(JobFilterReader.Read(filter).Conditions);
        else
            Assert.Throws<InvalidRequestException>(() => JobFilterReader.Read(filter));
    }
}
