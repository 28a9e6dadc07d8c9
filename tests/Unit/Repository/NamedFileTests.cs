using System.Text.RegularExpressions;

namespace BiT.Tests.Unit.Repository;

/// <summary>What documents and comments send a reader to is there.</summary>
public sealed partial class NamedFileTests
{
    private static readonly string[] Extensions = [".md", ".cs", ".csproj", ".props", ".proto", ".sh", ".mjs", ".yaml", ".Dockerfile"];

    // Outputs, and what is not ours.
    private static readonly string[] OtherFolders = ["bin", "obj", "TestResults", "node_modules", "runs", "workspace", "artifacts"];

    private static readonly string Decisions = Path.Combine(RepositoryRoot.Path, "docs", "decisions");

    [Fact]
    public void Files_NameOnlyFilesThatExist()
    {
        var missing = Walk(RepositoryRoot.Path).SelectMany(path => Missing(path).Distinct()
            .Select(name => $"{Path.GetRelativePath(RepositoryRoot.Path, path)} names {name}, which is not there. Correct the name, or add the file."));

        Assert.Empty(missing);
    }

    [Fact]
    public void Decisions_AreNumberedWithoutGapsOrTwins()
    {
        var numbers = Directory.EnumerateFiles(Decisions).Select(path => Path.GetFileName(path)[..4]).Order(StringComparer.Ordinal);

        Assert.Equal(Enumerable.Range(1, Directory.GetFiles(Decisions).Length).Select(number => $"{number:D4}"), numbers);
    }

    private static IEnumerable<string> Missing(string path)
    {
        var text = File.ReadAllText(path);
        var missing = NamedPath().Matches(text).Select(match => match.Value).Where(name => !Exists(RepositoryRoot.Path, name))
            .Concat(Decision().Matches(text).Where(match => Directory.GetFiles(Decisions, $"{match.Groups[1].Value}-*.md").Length != 1).Select(match => match.Value));
        return Path.GetExtension(path) == ".md" ? missing.Concat(Links(text).Where(link => !Exists(Path.GetDirectoryName(path) ?? "", link))) : missing;
    }

    private static IEnumerable<string> Walk(string folder) => Directory.EnumerateFiles(folder).Where(path => Extensions.Contains(Path.GetExtension(path)))
        .Concat(Directory.EnumerateDirectories(folder)
            .Where(child => !Path.GetFileName(child).StartsWith('.') && !OtherFolders.Contains(Path.GetFileName(child))).SelectMany(Walk));

    // Without what is shown as code, where brackets mean other things.
    private static IEnumerable<string> Links(string markdown) => Link().Matches(Code().Replace(markdown, "")).Select(match => match.Groups[1].Value)
        .Where(target => !target.Contains(':', StringComparison.Ordinal) && !target.StartsWith('#')).Select(target => target.Split('#')[0]);

    private static bool Exists(string folder, string name) => Path.Exists(Path.GetFullPath(Path.Combine(folder, name)));

    [GeneratedRegex(@"(?<![\w./-])(?:docs|tests|docker|bench)/[\w./-]*\.(?:md|sh|Dockerfile|csproj|yaml)\b")]
    private static partial Regex NamedPath();

    [GeneratedRegex(@"\bdecisions/(\d+)")]
    private static partial Regex Decision();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex Code();
}
