using BiT.Training.Verbs;

namespace BiT.Tests.Unit.Verbs;

public sealed class HealthVerbTests
{
    [Fact]
    public async Task Health_FreshFile_IsSuccess()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "alive");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);

        Assert.Equal((0, ""), await RunAsync("--alive-file", file));
    }

    [Fact]
    public async Task Health_OldFile_IsFailureThatTellsTheAge()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "alive");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));

        var (code, error) = await RunAsync("--alive-file", file, "--within", "60");

        Assert.Equal(1, code);
        Assert.Contains("at most 60 s are in order", error);
    }

    [Fact]
    public async Task Health_NoFile_IsFailure()
    {
        using var folder = new TemporaryFolder();

        var (code, error) = await RunAsync("--alive-file", Path.Combine(folder.Path, "alive"));

        Assert.Equal(1, code);
        Assert.Contains("no trainer has shown a sign of life", error);
    }

    [Theory]
    [InlineData("--within is 0; expected", "--alive-file", "f", "--within", "0")]
    [InlineData("--alive-file is not given; expected")]
    public async Task Health_WrongCommandLine_SaysWhatWasExpected(string expected, params string[] arguments)
    {
        var (code, error) = await RunAsync(arguments);

        Assert.Equal(2, code);
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Error)> RunAsync(params string[] arguments)
    {
        var error = new StringWriter();
        var code = await TrainerCommand.RunAsync(["health", .. arguments], new StringWriter(), error);
        return (code, error.ToString());
    }
}
