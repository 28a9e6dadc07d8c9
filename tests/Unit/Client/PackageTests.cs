using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using BiT.Tests.Unit.Repository;

namespace BiT.Tests.Unit.Client;

/// <summary>The library as others get it.</summary>
public sealed class PackageTests
{
    private static readonly string Project = Path.Combine(RepositoryRoot.Path, "src", "Client", "Library");

    [Fact]
    public async Task Package_HoldsAllThatItsUsersNeed()
    {
        using var folder = new TemporaryFolder();
        await PackAsync(folder.Path);
        using var package = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(folder.Path, "*.nupkg")));

        var files = package.Entries.Select(entry => entry.FullName).ToList();
        Assert.Equal(["lib/net10.0/BiT.Client.dll", "lib/net10.0/BiT.Client.xml", "lib/net10.0/BiT.Protocol.dll"],
            files.Where(file => file.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains("README.md", files);
        await using var nuspec = await package.Entries.Single(entry => entry.Name == "BiT.Client.nuspec").OpenAsync(TestContext.Current.CancellationToken);
        var metadata = (await XDocument.LoadAsync(nuspec, LoadOptions.None, TestContext.Current.CancellationToken)).Descendants()
            .Where(element => !element.HasElements).ToLookup(element => element.Name.LocalName, element => element);
        Assert.Equal("README.md", metadata["readme"].Single().Value);
        Assert.NotEmpty(metadata["description"].Single().Value);
        // Nothing of ours: no package of that name exists.
        Assert.DoesNotContain(metadata["dependency"], dependency => ((string?)dependency.Attribute("id"))!.StartsWith("BiT.", StringComparison.Ordinal));
    }

    [Fact]
    public void Readme_ShowsCodeThatCompiles()
    {
        var readme = File.ReadAllText(Path.Combine(Project, "README.md")).ReplaceLineEndings("\n");
        var source = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "tests", "Unit", "Client", "ReadmeExample.cs")).ReplaceLineEndings("\n");

        Assert.Equal(Lines(Between(readme, "```csharp\n", "```")), Lines(Between(source, "// README.md:\n", "// End.")));
    }

    private static async Task PackAsync(string folder)
    {
        // As it was built for these tests: tests/Unit/bin/{configuration}/{framework}.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent?.Name ?? "";
        using var process = Process.Start(new ProcessStartInfo("dotnet", [
            "pack", Project, "--no-build", "-p:BuildProjectReferences=false", "-nodeReuse:false", "--configuration", configuration, "--output", folder])
        {
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("dotnet was not started.");
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, output);
            Assert.DoesNotContain("warning", output, StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static string Between(string text, string begin, string end)
    {
        var start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        return text[start..text.IndexOf(end, start, StringComparison.Ordinal)];
    }

    private static IEnumerable<string> Lines(string code) => code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0);
}
