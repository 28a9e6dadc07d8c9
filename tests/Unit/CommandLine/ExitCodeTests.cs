using BiT.Client;
using BiT.CommandLine;
using BiT.Tests.Unit.Client;
using Grpc.Core;

namespace BiT.Tests.Unit.CommandLine;

public sealed class ExitCodeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<StatusCode, int> Codes => new()
    {
        { StatusCode.NotFound, 3 },
        { StatusCode.Unavailable, 4 },
        { StatusCode.ResourceExhausted, 4 },
        { StatusCode.DeadlineExceeded, 4 },
        { StatusCode.InvalidArgument, 5 },
        { StatusCode.AlreadyExists, 6 },
        { StatusCode.Aborted, 6 },
        { StatusCode.FailedPrecondition, 6 },
        { StatusCode.Unauthenticated, 7 },
        { StatusCode.Internal, 1 },
    };

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task Command_ServiceRefuses_ExitsByTheStatus(StatusCode code, int expected)
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            SetAlias = _ => throw new RpcException(new Status(code, "The service's own words.")),
        });

        var run = await CommandRun.OfAsync(Cancel, "models", "promote", "flowers", "3", "--server", service.Address);

        Assert.Equal(expected, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Equal("bit: The service's own words.", run.Error.Trim());
    }

    [Theory]
    [InlineData("bogus")]
    [InlineData("classify", "flowers")]
    [InlineData("finetune", "folder")]
    [InlineData("finetune", "folder", "--model", "flowers", "--method", "half")]
    [InlineData("finetune", "folder", "--model", "flowers", "--steps", "many")]
    [InlineData("finetune", "folder", "--model", "flowers", "--budget", "soon")]
    [InlineData("classify", "flowers", "a.jpg", "--top-k", "0")]
    [InlineData("jobs", "--server", "ftp://host")]
    [InlineData("jobs", "--limit", "0")]
    [InlineData("finetune", "folder", "--model", "")]
    [InlineData("finetune", "folder", "--model", "Flowers!")]
    public async Task Command_WrongUsage_ExitsWith2AndOneLine(params string[] arguments)
    {
        var run = await CommandRun.OfAsync(Cancel, arguments);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Command_NobodyListens_SaysHowToStartAServer()
    {
        string address;
        await using (var service = await FakeService.StartAsync(new FakeAnswers()))
            address = service.Address;

        var run = await CommandRun.OfAsync(Cancel, "models", "promote", "flowers", "3", "--alias", "live", "--server", address);

        Assert.Equal(ExitCodes.Unavailable, run.ExitCode);
        Assert.Contains(address, run.Error, StringComparison.Ordinal);
        Assert.Contains("bit serve", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FineTune_FolderWithOneClass_IsRefusedBeforeTheServerIsAsked()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "rose"));
        File.WriteAllText(Path.Combine(folder.Path, "rose", "a.jpg"), "");

        var run = await CommandRun.OfAsync(Cancel, "finetune", folder.Path, "--model", "flowers", "--server", "http://127.0.0.1:1");

        Assert.Equal(ExitCodes.Refused, run.ExitCode);
        Assert.Contains("one class only", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("finetune", "--help")]
    [InlineData()]
    public async Task Command_Help_ExitsWith0(params string[] arguments)
    {
        var run = await CommandRun.OfAsync(Cancel, arguments);

        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        Assert.Contains("Usage:", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MODEL_HAS_ALIAS", "bit models unalias")]
    [InlineData("DATASET_IN_USE", "bit jobs cancel")]
    [InlineData("UNREACHABLE", "bit serve")]
    public void Explain_ReasonThatACommandCures_NamesTheCommand(string reason, string command)
    {
        var message = ExitCodes.Explain(new BitException(StatusCode.FailedPrecondition, reason, "It is so.")).Message;

        Assert.StartsWith("It is so. ", message, StringComparison.Ordinal);
        Assert.Contains(command, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_FieldViolationsMissingFromTheMessage_AreAppended()
    {
        var failure = ExitCodes.Explain(new BitException(StatusCode.InvalidArgument, "BAD_SPEC", "Bad values: crop is 9.")
        {
            FieldViolations = [new("spec.crop", "crop is 9"), new("spec.steps", "steps is 0")],
        });

        Assert.Equal((ExitCodes.Refused, "BAD_SPEC"), (failure.ExitCode, failure.Reason));
        Assert.Equal(["Bad values: crop is 9.", "  spec.steps: steps is 0"], failure.Message.Split(Environment.NewLine));
    }
}
