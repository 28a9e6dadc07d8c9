using System.ComponentModel.DataAnnotations;
using System.Reflection;
using BiT.Core.Runtime;
using BiT.Serving.Batching;
using BiT.Serving.Hosting;
using BiT.Serving.Jobs;
using BiT.Serving.Startup;
using Microsoft.Extensions.Configuration;

namespace BiT.Tests.Unit.Serving.Startup;

public sealed class ServerOptionsTests
{
    public static TheoryData<Type> OptionTypes => [
        typeof(ListenOptions), typeof(WorkspaceFolderOptions), typeof(LimitOptions), typeof(BatchingOptions), typeof(HostingOptions),
        typeof(TrainerOptions), typeof(RuntimeOptions)];

    [Fact]
    public void Read_Nothing_GivesDefaultsOnLoopback()
    {
        var options = Read();

        Assert.Equal("127.0.0.1:5075", options.EndPoint.ToString());
        Assert.Equal("127.0.0.1:5076", options.WebEndPoint?.ToString());
        Assert.False(options.StopWithStandardInput);
    }

    [Fact]
    public void Read_ManyViolations_ReportsAllOfThem()
    {
        var violations = Violations("--Batching:MaxBatchSize", "0", "--Batching:MaxDelay", "soon", "--Limits:MaxImageByte", "5",
            "--Trainer:Niceness", "20", "--Runtime:ExecutionProvider", "tpu", "--Runtime:IntraOpThreads", "-1", "--Lisen:Address", "x",
            "--StopWithStandardInput", "perhaps");

        Assert.Equal(8, violations.Count);
        Assert.Contains(violations, text => text.StartsWith("Batching:MaxBatchSize is 0; expected 1 to 1024", StringComparison.Ordinal));
        Assert.Contains(violations, text => text.StartsWith("Batching:MaxDelay is 'soon'; expected a duration", StringComparison.Ordinal));
        Assert.Contains(violations, text =>
            text.StartsWith("Limits:MaxImageByte is unknown; Limits has MaxImagesPerRequest, MaxImageBytes", StringComparison.Ordinal));
        Assert.Contains(violations, text => text.StartsWith("Trainer:Niceness is 20; expected 0 to 19", StringComparison.Ordinal));
        Assert.Contains(violations, text =>
            text.StartsWith("Runtime:ExecutionProvider: Execution provider 'tpu' is unknown", StringComparison.Ordinal));
        Assert.Contains(violations, text => text.StartsWith("Runtime:IntraOpThreads is -1", StringComparison.Ordinal));
        Assert.Contains(violations, text => text.StartsWith("--Lisen is unknown", StringComparison.Ordinal));
        Assert.Contains(violations, text => text.StartsWith("StopWithStandardInput is 'perhaps'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("serve", "'serve' is not understood")]
    [InlineData("--Listen:Address", "--Listen:Address has no value")]
    [InlineData("--verbose", "--verbose is unknown")]
    public void Read_ArgumentThatConfiguresNothing_IsNamed(string argument, string expected) =>
        Assert.Contains(Violations("--Trainer:Enabled", "false", argument), text => text.StartsWith(expected, StringComparison.Ordinal));

    [Fact]
    public void TrainerRuntime_IsCheckedForTheServersOwnBuildAlone()
    {
        var options = Read("--Runtime:ExecutionProvider", "cuda:1");
        var own = new TrainerOptions { ExecutionProvider = "cuda:0", FallBackToCpu = true };

        Assert.Equal("cuda:1", (options with { Trainer = new TrainerOptions() }).TrainerRuntime?.ExecutionProvider);
        Assert.Equal(("cuda:0", true), ((options with { Trainer = own }).TrainerRuntime?.ExecutionProvider, (options with { Trainer = own }).TrainerRuntime?.FallBackToCpu));
        Assert.Null((options with { Trainer = own with { Path = "/elsewhere/BiT.Trainer.dll" } }).TrainerRuntime);
        Assert.Null((options with { Trainer = own with { Enabled = false } }).TrainerRuntime);
    }

    [Fact]
    public void Help_NamesEveryOption()
    {
        var output = new StringWriter();

        HelpVerb.Run(output);

        Assert.All(ServerOptions.OptionTypes.SelectMany(option => option.Type.GetProperties().Where(property => property.CanWrite).Select(property => $"--{option.Section}:{property.Name} ")),
            name => Assert.Contains(name, output.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Load_FilesThatAreNotThere_AreAllNamed()
    {
        var failure = Assert.Throws<ConfigurationException>(() =>
            ServerConfiguration.Load(["--ConfigurationFile", "/nowhere/bit.json", "--SecretsFolder", "/nowhere/secrets"]));

        Assert.Contains("ConfigurationFile is '/nowhere/bit.json', and there is no such file", failure.Message);
        Assert.Contains("SecretsFolder is '/nowhere/secrets', and there is no such folder", failure.Message);
    }

    [Fact]
    public void Load_BrokenFile_SaysWhere()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "bit.json");
        File.WriteAllText(file, "{\n  \"Listen\": oops\n}");

        var failure = Assert.Throws<ConfigurationException>(() => ServerConfiguration.Load(["--ConfigurationFile", file]));

        Assert.Contains(file, failure.Message);
        Assert.Contains("LineNumber: 1", failure.Message);
    }

    [Theory]
    [InlineData("json", LogFormat.Json)]
    [InlineData("Text", LogFormat.Text)]
    public void Read_LogFormat_IsTaken(string text, LogFormat expected) => Assert.Equal(expected, Read("--Logging:Format", text).LogFormat);

    [Fact]
    public void Read_UnknownLogFormat_IsAViolation() =>
        Assert.StartsWith("Logging:Format is '1'; expected Auto, Text, Json", Assert.Single(Violations("--Logging:Format", "1")));

    [Theory]
    [InlineData("http://0.0.0.0:5075")]
    [InlineData("http://192.168.1.7:80")]
    [InlineData("http://[::]:5075")]
    public void Read_AddressOfOtherMachines_NeedsTheFlag(string address)
    {
        Assert.Contains("Listen:AllowRemote", Assert.Single(Violations("--Listen:Address", address)), StringComparison.Ordinal);

        Read("--Listen:Address", address, "--Listen:AllowRemote", "true");
    }

    [Theory]
    [InlineData("http://localhost:0", "127.0.0.1:0")]
    [InlineData("http://[::1]:99", "[::1]:99")]
    [InlineData("http://127.0.0.2:8080/", "127.0.0.2:8080")]
    public void Read_LoopbackAddress_IsTaken(string address, string endPoint) =>
        Assert.Equal(endPoint, Read("--Listen:Address", address).EndPoint.ToString());

    [Theory]
    [InlineData("https://127.0.0.1:5075")]
    [InlineData("127.0.0.1:5075")]
    [InlineData("http://*:5075")]
    [InlineData("http://example.test:5075")]
    [InlineData("http://127.0.0.1:5075/path")]
    [InlineData("")]
    public void Read_AddressOfAnotherForm_IsRefused(string address) =>
        Assert.StartsWith("Listen:Address", Assert.Single(Violations("--Listen:Address", address)), StringComparison.Ordinal);

    [Theory]
    [InlineData("none", null)]
    [InlineData("None", null)]
    [InlineData("http://localhost:0", "127.0.0.1:0")]
    [InlineData("http://[::1]:8080", "[::1]:8080")]
    public void Read_WebAddress_IsTaken(string address, string? endPoint) =>
        Assert.Equal(endPoint, Read("--Listen:WebAddress", address).WebEndPoint?.ToString());

    [Theory]
    [InlineData("http://0.0.0.0:5076", "Listen:AllowRemote")]
    [InlineData("https://127.0.0.1:5076", "or none")]
    [InlineData("", "or none")]
    [InlineData("http://127.0.0.1:5075", "a port each")]
    public void Read_WebAddressOfAnotherForm_IsRefused(string address, string expected)
    {
        var violation = Assert.Single(Violations("--Listen:WebAddress", address));
        Assert.StartsWith("Listen:WebAddress", violation, StringComparison.Ordinal);
        Assert.Contains(expected, violation, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WebAddressOfOtherMachines_NeedsTheFlag() => Assert.Equal("0.0.0.0:80",
        Read("--Listen:WebAddress", "http://0.0.0.0:80", "--Listen:AllowRemote", "true").WebEndPoint?.ToString());

    [Fact]
    public void Read_CapacityBelowARequest_IsRefused() =>
        Assert.StartsWith("Batching:Capacity is 10", Assert.Single(Violations("--Batching:Capacity", "10")), StringComparison.Ordinal);

    [Fact]
    public void Read_TrainerThatIsNotThere_IsRefused() =>
        Assert.StartsWith("Trainer:Path is '/absent/BiT.Trainer.dll'",
            Assert.Single(Violations("--Trainer:Enabled", "true", "--Trainer:Path", "/absent/BiT.Trainer.dll")), StringComparison.Ordinal);

    [Theory]
    [InlineData("ExecutionProvider", "tpu", "Trainer:ExecutionProvider: Execution provider 'tpu' is unknown")]
    [InlineData("Threads", "-1", "Trainer:Threads is -1; expected 0 to 1024")]
    [InlineData("Threads", "1025", "Trainer:Threads is 1025; expected 0 to 1024")]
    [InlineData("MemoryBytes", "-1", "Trainer:MemoryBytes is -1; expected 0 to ")]
    [InlineData("MemoryBytes", "8", "Trainer:MemoryBytes is 8; expected 0 (half of the memory) or at least 67108864")]
    [InlineData("MemoryBytes", "8GB", "Trainer:MemoryBytes is '8GB'; expected a whole number")]
    [InlineData("FallBackToCpu", "maybe", "Trainer:FallBackToCpu is 'maybe'; expected true or false")]
    public void Read_TrainerOptionOutOfRange_IsRefused(string name, string value, string violation) =>
        Assert.StartsWith(violation, Assert.Single(Violations($"--Trainer:{name}", value)), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Option_ThatIsANumberOrDuration_HasARange(Type type)
    {
        Type[] ranged = [typeof(int), typeof(long), typeof(float), typeof(double), typeof(TimeSpan)];
        foreach (var property in type.GetProperties().Where(property => property.CanWrite && ranged.Contains(property.PropertyType)))
            Assert.True(property.GetCustomAttribute<RangeAttribute>() is not null,
                $"{type.Name}.{property.Name} has no range: add [Range(least, most)].");
    }

    private static ServerOptions Read(params string[] arguments)
    {
        string[] all = arguments.Contains("--Trainer:Enabled") ? arguments : ["--Trainer:Enabled", "false", .. arguments];
        return ServerOptions.Read(new ConfigurationBuilder().AddCommandLine(all).Build(), all);
    }

    private static IReadOnlyList<string> Violations(params string[] arguments) =>
        Assert.Throws<ConfigurationException>(() => Read(arguments)).Violations;
}
