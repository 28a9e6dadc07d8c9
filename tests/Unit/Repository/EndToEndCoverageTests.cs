using System.Text.RegularExpressions;
using BiT.Protocol.V1;
using Google.Protobuf.Reflection;

namespace BiT.Tests.Unit.Repository;

/// <summary>Every RPC is called by an end-to-end test.</summary>
public sealed class EndToEndCoverageTests
{
    private static readonly string Source = string.Concat(Directory
        .EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests", "EndToEnd"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .Select(File.ReadAllText));

    // The files of proto/bit/v1 are one assembly's: whoever adds a service need not add it here.
    public static TheoryData<string, string> Methods => [.. typeof(ClassificationService).Assembly.GetTypes()
        .Select(type => type.GetProperty("Descriptor")?.GetValue(null)).OfType<ServiceDescriptor>()
        .SelectMany(service => service.Methods.Select(method => (service.Name, method.Name)))];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Rpc_IsCalledByAnEndToEndTest(string service, string method) => Assert.True(
        Regex.IsMatch(Source, $@"\.{method}(Async)?\("),
        $"No test in tests/EndToEnd calls {service}.{method}. Add one that calls it on a real server, for success and for its refusals.");
}
