using BiT.Bench.Verbs;

namespace BiT.Tests.Unit.Bench.Verbs;

public sealed class BenchCommandTests
{
    [Theory]
    [InlineData("infer --network R50x1 --batch 0 --size 224", "--batch is 0; expected a whole number from 1 to 4096.")]
    [InlineData("train-step --network R50x1 --batch 8 --size 16", "--size is 16; expected a whole number from 32 to 1024.")]
    [InlineData("infer --network R50x1 --batch 8", "Option '--size' is required.")]
    [InlineData("infer --network R51x1 --batch 8 --size 64", "Network 'R51x1' is unknown.")]
    [InlineData("profile --of everything --network R50x1 --batch 8 --size 64", "everything")]
    [InlineData("versus --of train-step --network R50x1 --batch 8 --size 64 --other nowhere.dll", "--other is 'nowhere.dll'; expected the path of another build's bench.dll.")]
    [InlineData("transfer --training a --validation b --ways head,magic", "--ways holds 'magic'; expected head, full, head+full, auto, scratch")]
    [InlineData("transfer --training a --validation b --per-class 5,0", "--per-class holds '0'; expected numbers over 0, or all")]
    public async Task CommandLine_ThatIsWrong_ExitsWith2AndSaysWhy(string line, string message)
    {
        var (output, error) = (new StringWriter(), new StringWriter());

        Assert.Equal(2, await BenchCommand.RunAsync(line.Split(' '), output, error));
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", output.ToString());
    }

    [Fact]
    public void Transfer_WithoutChoices_HasDefaultsForAll() => Assert.Empty(BenchCommand.Create().Parse("transfer --training a --validation b").Errors);

    [Fact]
    public async Task Profile_OfAStep_ListsItsOperators()
    {
        var (output, error) = (new StringWriter(), new StringWriter());

        var code = await BenchCommand.RunAsync("profile --of train-step --network bit-tiny --batch 1 --size 32 --threads 1".Split(' '), output, error);

        Assert.Equal((0, ""), (code, error.ToString()));
        Assert.Contains("GroupNormRelu", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("MomentumStep", output.ToString(), StringComparison.Ordinal);
    }
}
