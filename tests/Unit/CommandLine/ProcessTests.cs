using BiT.CommandLine;

namespace BiT.Tests.Unit.CommandLine;

public sealed class ProcessTests
{
    [Theory]
    [InlineData("""{"ready":true,"address":"http://127.0.0.1:41235"}""", "http://127.0.0.1:41235")]
    [InlineData("""{"ready":true,"address":"http://127.0.0.1:1","web_address":"http://127.0.0.1:2"}""", "http://127.0.0.1:1", "http://127.0.0.1:2")]
    [InlineData("""{"ready":false,"address":"http://127.0.0.1:41235"}""", null)]
    [InlineData("""{"ready":true}""", null)]
    [InlineData("{ not json", null)]
    [InlineData("Now listening on: http://127.0.0.1:41235", null)]
    [InlineData("", null)]
    public void ReadyLine_AnyLine_IsReadOrPassedOver(string line, string? address, string? webAddress = null)
        => Assert.Equal(address is null ? null : new ReadyServer(address, webAddress), ServerProcess.TryReadReadyLine(line));

    [Fact]
    public void Find_BuildOutputOfTheSourceTree_TakesTheSameConfiguration()
    {
        using var tree = new TemporaryFolder();
        var own = Directory.CreateDirectory(Path.Combine(tree.Path, "src/Client/Cli/bin/Release/net10.0")).FullName + "/";
        Put(tree, "src/Server/bin/Debug/net10.0/BiT.Server.dll");
        var wanted = Put(tree, "src/Server/bin/Release/net10.0/BiT.Server.dll");

        Assert.Equal(wanted, Executables.Find("Server", null, "--server-path", own));
    }

    [Fact]
    public void Find_BesideTheOwnBinary_IsTakenFirst()
    {
        using var tree = new TemporaryFolder();
        var own = Directory.CreateDirectory(Path.Combine(tree.Path, "src/Client/Cli/bin/Debug/net10.0")).FullName + "/";
        Put(tree, "src/Server/bin/Debug/net10.0/BiT.Server.dll");
        var wanted = Put(tree, "src/Client/Cli/bin/Debug/net10.0/BiT.Server.dll");

        Assert.Equal(wanted, Executables.Find("Server", null, "--server-path", own));
    }

    [Fact]
    public void Find_Missing_NamesThePlacesAndTheCure()
    {
        using var tree = new TemporaryFolder();

        var missing = Assert.Throws<CommandException>(() => Executables.Find("Server", null, "--server-path", tree.Path + "/a/b/c/d/e/f/"));
        var wrong = Assert.Throws<CommandException>(() => Executables.Find("Server", tree.Path + "/none.dll", "--server-path", tree.Path));

        Assert.Contains("BiT.Server.dll was not found", missing.Message, StringComparison.Ordinal);
        Assert.Contains("dotnet build", missing.Message, StringComparison.Ordinal);
        Assert.Contains("--server-path names", wrong.Message, StringComparison.Ordinal);
    }

    private static string Put(TemporaryFolder tree, string name)
    {
        var path = Path.Combine(tree.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? tree.Path);
        File.WriteAllText(path, "");
        File.WriteAllText(Path.ChangeExtension(path, ".runtimeconfig.json"), "{}");
        return path;
    }
}
