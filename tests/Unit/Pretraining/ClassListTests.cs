using BiT.Training.Pretraining;

namespace BiT.Tests.Unit.Pretraining;

public sealed class ClassListTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null, new[] { "n01", "n02", "n03", "n04" })]
    [InlineData("1-4", new[] { "n01", "n02", "n03", "n04" })]
    [InlineData("1-2", new[] { "n01", "n02" })]
    [InlineData("3-4", new[] { "n03", "n04" })]
    public void Read_Range_CountsFromOneAndIncludesBothEnds(string? range, string[] expected) => Assert.Equal(expected, ClassList.Read(Write(), range));

    [Theory]
    [InlineData("0-2")]
    [InlineData("2-5")]
    [InlineData("3-2")]
    [InlineData("2")]
    [InlineData("-2")]
    [InlineData("1-2-3")]
    [InlineData("a-b")]
    [InlineData("2-2")]
    public void Read_BadRange_IsRefused(string range) => Assert.Throws<PhotoSetException>(() => ClassList.Read(Write(), range));

    [Fact]
    public void Read_ClassListedTwice_IsNamed()
    {
        var path = Write();
        File.AppendAllText(path, "\nn02\n");

        Assert.Contains("n02", Assert.Throws<PhotoSetException>(() => ClassList.Read(path, null)).Message);
    }

    [Fact]
    public void Read_NoFile_IsRefused() => Assert.Throws<PhotoSetException>(() => ClassList.Read(Path.Combine(_folder.Path, "no.txt"), null));

    private string Write()
    {
        var path = Path.Combine(_folder.Path, "classes.txt");
        File.WriteAllText(path, "n01\tgoldfish, Carassius auratus\r\nn02\tother\r\n\nn03\nn04\tlast");
        return path;
    }
}
