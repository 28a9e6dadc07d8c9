using System.Xml.Linq;

namespace BiT.Tests.Unit.Repository;

/// <summary>Holds docs/ARCHITECTURE.md's map: which project may know which.</summary>
public sealed class ReferenceRulesTests
{
    // Project -> projects it may reference. A leading '~' marks a build-only reference (ReferenceOutputAssembly=false).
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["BiT.Protocol"] = [],
        ["BiT.Graphs"] = [],
        ["BiT.Core"] = [],
        ["BiT.Trainer"] = ["BiT.Core", "BiT.Graphs"],
        ["BiT.Bench"] = ["BiT.Core", "BiT.Graphs", "BiT.Trainer"],
        ["BiT.Server"] = ["BiT.Core", "BiT.Protocol", "~BiT.Trainer"],
        ["BiT.Client"] = ["BiT.Protocol"],
        ["BiT.Cli"] = ["BiT.Client", "~BiT.Server", "~BiT.Trainer"],
    };

    // Package prefixes that a project must never reference.
    private static readonly Dictionary<string, string[]> ForbiddenPackages = new()
    {
        ["BiT.Graphs"] = ["Microsoft.ML", "SkiaSharp", "Grpc.AspNetCore", "Grpc.Net", "Grpc.Core", "Microsoft.Data"],
        ["BiT.Core"] = ["Grpc", "Google"],
        ["BiT.Trainer"] = ["Grpc"],
        ["BiT.Bench"] = ["Grpc"],
        ["BiT.Client"] = ["Microsoft.ML", "SkiaSharp", "Grpc.AspNetCore"],
        ["BiT.Cli"] = ["Microsoft.ML"],
    };

    public static TheoryData<string> Projects => [.. new[] { "src", "bench" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, folder), "*.csproj", SearchOption.AllDirectories))
        .Select(path => Path.GetRelativePath(RepositoryRoot.Path, path))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_References_AreThoseOfTheMap(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        Assert.True(Allowed.ContainsKey(name), $"{project} is not in the map. Add it to docs/ARCHITECTURE.md and to this test.");
        var document = XDocument.Load(Path.Combine(RepositoryRoot.Path, project));

        var references = document.Descendants("ProjectReference")
            .Select(reference => ((string?)reference.Attribute("ReferenceOutputAssembly") == "false" ? "~" : "")
                + Path.GetFileNameWithoutExtension((string?)reference.Attribute("Include")));
        foreach (var reference in references)
            Assert.True(Allowed[name].Contains(reference),
                $"{project} references {reference}; allowed: {string.Join(", ", Allowed[name])}. Move the code, or change the map first.");

        var packages = document.Descendants("PackageReference").Select(package => (string?)package.Attribute("Include") ?? "").ToArray();
        foreach (var prefix in ForbiddenPackages.GetValueOrDefault(name, []))
            Assert.DoesNotContain(packages, package => package.StartsWith(prefix, StringComparison.Ordinal) && package != "Grpc.Tools" && package != "Google.Protobuf");
        Assert.DoesNotContain(document.Descendants("PackageReference"), package => package.Attribute("Version") is not null);
    }
}
