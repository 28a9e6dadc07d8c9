using BiT.CommandLine;
using BiT.Protocol.V1;
using BiT.Tests.Unit.Client;
using Google.Protobuf;

namespace BiT.Tests.Unit.CommandLine;

public sealed class ModelCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("flowers", "models/flowers")]
    [InlineData("models/flowers", "models/flowers")]
    [InlineData("flowers@live", "models/flowers@live")]
    [InlineData("flowers/3", "models/flowers/versions/3")]
    [InlineData("flowers/03", "models/flowers/versions/3")]
    [InlineData("flowers/versions/3", "models/flowers/versions/3")]
    [InlineData("models/flowers/3", "models/flowers/versions/3")]
    [InlineData("models/flowers/versions/3", "models/flowers/versions/3")]
    public void Name_InEveryForm_IsUnderstood(string given, string expected) => Assert.Equal(expected, VersionText.Model(given));

    [Theory]
    [InlineData("flowers/0", "'0' is no version of flowers; expected a whole number from 1")]
    [InlineData("flowers/-1", "'-1' is no version of flowers")]
    [InlineData("flowers/three", "'three' is no version of flowers")]
    [InlineData("flowers/99999999999", "'99999999999' is no version")]
    [InlineData("flowers/", "'' is no version")]
    [InlineData("models/flowers/versions/0", "'0' is no version")]
    [InlineData("flowers/1/2", "names no model")]
    [InlineData("flowers@live/3", "names no model")]
    [InlineData("flowers@", "names no model")]
    [InlineData("models/", "names no model")]
    [InlineData("", "names no model")]
    public void Name_Wrong_IsRefusedWithTheReason(string given, string reason)
    {
        var failure = Assert.Throws<CommandException>(() => VersionText.Model(given));

        Assert.Equal(ExitCodes.Usage, failure.Failure.ExitCode);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("promote", "flowers", "0")]
    [InlineData("promote", "flowers", "roses/3")]
    [InlineData("promote", "flowers/2", "3")]
    [InlineData("promote", "flowers@canary", "3")]
    [InlineData("promote", "flowers", "3", "--expect", "minus")]
    [InlineData("rollback", "flowers/2")]
    [InlineData("versions", "flowers/2")]
    [InlineData("download", "flowers/x")]
    [InlineData("delete", "flowers@live")]
    [InlineData("import", "x.npz", "--model", "flowers/2")]
    public async Task Command_WrongName_IsRefusedBeforeTheServerIsAsked(params string[] arguments)
    {
        var run = await CommandRun.OfAsync(Cancel, ["models", .. arguments, "--server", "http://127.0.0.1:1"]);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
    }

    [Theory]
    [InlineData(new[] { "flowers", "3" }, "live", null)]
    [InlineData(new[] { "flowers/3", "--expect", "2" }, "live", "models/flowers/versions/2")]
    [InlineData(new[] { "flowers", "flowers/3", "--alias", "canary", "--expect", "none" }, "canary", "")]
    public async Task Promote_AsksForTheVersionTheAliasAndTheCondition(string[] arguments, string alias, string? expected)
    {
        SetAliasRequest? asked = null;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            SetAlias = request =>
            {
                asked = request;
                return new Model { Name = request.Model, Aliases = { new ModelAlias { Alias = request.Alias, Version = request.Version } } };
            },
        });

        var run = await CommandRun.OfAsync(Cancel, ["models", "promote", .. arguments, "--json", "--server", service.Address]);

        Assert.Equal(ExitCodes.Ok, run.ExitCode);
        var request = new SetAliasRequest { Model = "models/flowers", Alias = alias, Version = "models/flowers/versions/3" };
        if (expected is not null)
            request.ExpectedVersion = expected;
        Assert.Equal(request, asked);
        Assert.Equal("models/flowers/versions/3", run.Json.GetProperty("aliases").GetProperty(alias).GetString());
    }

    [Fact]
    public async Task RollbackUnaliasAndDelete_AskForWhatWasNamed()
    {
        var asked = new List<string>();
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            RollbackAlias = request => Note(request),
            DeleteAlias = request => Note(request),
            DeleteModel = asked.Add,
            DeleteVersion = asked.Add,
        });
        Model Note(IMessage request)
        {
            asked.Add(request.ToString() ?? "");
            return new Model { Name = "models/flowers" };
        }

        foreach (var line in (string[])["rollback flowers --expect 2", "unalias flowers canary", "delete flowers/3", "delete flowers"])
            Assert.Equal(ExitCodes.Ok, (await CommandRun.OfAsync(Cancel, ["models", .. line.Split(' '), "--server", service.Address])).ExitCode);

        Assert.Equal(
            [
                new RollbackAliasRequest { Model = "models/flowers", Alias = "live", ExpectedVersion = "models/flowers/versions/2" }.ToString(),
                new DeleteAliasRequest { Model = "models/flowers", Alias = "canary" }.ToString(),
                "models/flowers/versions/3", "models/flowers",
            ], asked);
    }

    [Fact]
    public async Task Download_OverAFileWithoutForce_IsRefusedBeforeTheServerIsAsked()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "flowers.onnx");
        await File.WriteAllTextAsync(path, "mine", Cancel);

        var run = await CommandRun.OfAsync(Cancel, "models", "download", "flowers", "-o", path, "--server", "http://127.0.0.1:1");

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains("--force", run.Error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(path, Cancel));
    }
}
