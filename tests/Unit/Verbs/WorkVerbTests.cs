using BiT.Training.Verbs;

namespace BiT.Tests.Unit.Verbs;

public sealed class WorkVerbTests
{
    [Theory]
    [InlineData("--threads", "-1")]
    [InlineData("--threads", "1025")]
    [InlineData("--memory-bytes", "-1")]
    [InlineData("--memory-bytes", "8")]
    [InlineData("--memory-bytes", "2000000000000000")]
    [InlineData("--checkpoint-seconds", "0")]
    public async Task Work_ValueOutOfRange_IsNamedWithExitCode2(string option, string value)
    {
        using var folder = new TemporaryFolder();
        var workspace = Path.Combine(folder.Path, "workspace");
        var (output, error) = (new StringWriter(), new StringWriter());

        var code = await TrainerCommand.RunAsync(["work", "--workspace", workspace, option, value], output, error);

        Assert.Equal((2, ""), (code, output.ToString()));
        Assert.StartsWith($"{option} is {value}; expected ", error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(workspace));
    }

    [Fact]
    public async Task Work_WithSeveralWrongOptions_NamesThemAll()
    {
        var error = new StringWriter();

        var code = await TrainerCommand.RunAsync(
            ["work", "--provider", "gpu", "--threads", "many", "--memory-bytes", "8", "--checkpoint-seconds", "0", "--log-format", "xml"], new StringWriter(), error);

        Assert.Equal(2, code);
        Assert.All(["--provider is gpu", "'many' for option '--threads'", "--memory-bytes is 8", "--checkpoint-seconds is 0", "--log-format is xml", "--workspace is not given"],
            wrong => Assert.Contains(wrong, error.ToString(), StringComparison.Ordinal));
    }
}
