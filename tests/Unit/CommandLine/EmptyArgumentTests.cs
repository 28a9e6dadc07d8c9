using BiT.CommandLine;

namespace BiT.Tests.Unit.CommandLine;

public sealed class EmptyArgumentTests
{
    [Theory]
    [InlineData("JOB", "jobs", "show", "")]
    [InlineData("JOB", "jobs", "watch", " ")]
    [InlineData("MODEL", "models", "show", "")]
    [InlineData("DATASET", "datasets", "show", "")]
    [InlineData("FILE", "classify", "flowers", "")]
    public async Task Argument_Empty_IsAnErrorOfUsageThatNamesIt(string name, params string[] arguments)
    {
        var run = await CommandRun.OfAsync(TestContext.Current.CancellationToken, [.. arguments, "--server", "http://127.0.0.1:1"]);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains($"{name} is empty", run.Error, StringComparison.Ordinal);
    }
}
