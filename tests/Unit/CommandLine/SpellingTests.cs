using BiT.CommandLine;

namespace BiT.Tests.Unit.CommandLine;

public sealed class SpellingTests
{
    private static readonly string[] Words = ["finetune", "classify", "--model", "--method", "jobs"];

    [Theory]
    [InlineData("fintune", "finetune")]
    [InlineData("fine-tune", "finetune")]
    [InlineData("clasisfy", "classify")]
    [InlineData("--modle", "--model")]
    [InlineData("job", "jobs")]
    [InlineData("jo", null)]
    [InlineData("photos", null)]
    [InlineData("", null)]
    public void Nearest_WordWithAtMostTwoChanges_IsFound(string word, string? expected) => Assert.Equal(expected, Spelling.Nearest(word, Words));

    [Theory]
    [InlineData("Did you mean `finetune`?", "fintune")]
    [InlineData("Did you mean `rollback`?", "models", "rolback", "flowers")]
    [InlineData("Did you mean `--method`?", "finetune", ".", "--model", "m", "--methd", "head")]
    [InlineData("--method is 'hed'; expected auto, full, head. See `bit finetune --help`.", "finetune", ".", "--model", "m", "--method", "hed")]
    public async Task Command_WithAWordThatDoesNotExist_SuggestsOne(string expected, params string[] arguments)
    {
        var run = await CommandRun.OfAsync(TestContext.Current.CancellationToken, arguments);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }
}
