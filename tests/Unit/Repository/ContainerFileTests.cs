using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace BiT.Tests.Unit.Repository;

/// <summary>What the files under docker/ repeat is what the projects and documents say. docker/test.sh builds and runs them.</summary>
public sealed partial class ContainerFileTests
{
    [Theory]
    [InlineData("server", "src/Server/BiT.Server.csproj")]
    [InlineData("trainer", "src/Trainer/BiT.Trainer.csproj")]
    public void Dockerfile_NamesVersionAndProjects(string image, string project)
    {
        var dockerfile = Read($"docker/{image}.Dockerfile");

        Assert.Contains($"org.opencontainers.image.version=\"{Xml("Directory.Build.props").Descendants("Version").Single().Value}-${{FLAVOR}}\"", dockerfile, StringComparison.Ordinal);
        // A project file that is not copied is not restored, and the build stops there.
        Assert.Equal(ProjectsOf(project).Order(StringComparer.Ordinal), ProjectFile().Matches(dockerfile).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void GpuImages_StandOnOneCudaImage()
    {
        string[] files = ["docker/server.Dockerfile", "docker/trainer.Dockerfile", "docker/compose.yaml", "docs/gpu.md"];

        var images = files.Select(file => (File: file, Images: CudaImage().Matches(Read(file)).Select(match => match.Value).Distinct().ToArray())).ToArray();

        Assert.All(images, found => Assert.True(found.Images.Length == 1 && found.Images[0] == images[0].Images[0],
            $"{found.File} names {string.Join(", ", found.Images)}; {files[0]} names {images[0].Images[0]}."));
    }

    // Without what is built with the server but not into its image: a reference with a condition.
    private static IEnumerable<string> ProjectsOf(string project) => Xml(project).Descendants("ProjectReference")
        .Where(reference => reference.Attribute("Condition") is null)
        .SelectMany(reference => ProjectsOf(Path.GetRelativePath(
            RepositoryRoot.Path, Path.GetFullPath(Path.Combine(RepositoryRoot.Path, Path.GetDirectoryName(project) ?? "", (string?)reference.Attribute("Include") ?? "")))))
        .Prepend(project).Distinct();

    private static XDocument Xml(string path) => XDocument.Load(Path.Combine(RepositoryRoot.Path, path));

    private static string Read(string path) => File.ReadAllText(Path.Combine(RepositoryRoot.Path, path));

    [GeneratedRegex(@"COPY (\S+\.csproj) ")]
    private static partial Regex ProjectFile();

    [GeneratedRegex(@"nvidia/cuda:[\w.-]+\w")]
    private static partial Regex CudaImage();
}
