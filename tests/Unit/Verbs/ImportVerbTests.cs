using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Core.Weights;
using BiT.Training.Networks;
using BiT.Training.Verbs;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Verbs;

public sealed class ImportVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string WorkspacePath => Path.Combine(_folder.Path, "workspace");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Import_WithHead_MakesAVersionThatCanBeServed()
    {
        var labels = Path.Combine(_folder.Path, "labels.txt");
        await File.WriteAllLinesAsync(labels, ["daisy", "rose", "tulip"], TestContext.Current.CancellationToken);

        var (code, output, error) = await RunAsync(WriteWeights(classCount: 3), "flowers", "--labels", labels);

        Assert.Equal((0, "models/flowers/versions/1", ""), (code, output.TrimEnd(), error));
        using var workspace = Workspace.Open(WorkspacePath, TimeProvider.System);
        var manifest = Manifest(workspace, "flowers");
        Assert.Equal(("full", "bit-tiny", 32, null), (manifest.Method, manifest.Network, manifest.InputSize, manifest.Head));
        Assert.Equal(["daisy", "rose", "tulip"], manifest.Labels);
        using var model = StoredGraph.Open(workspace.Blobs, manifest.Graph, new RuntimeOptions(), _ => { });
        Assert.Equal(3, model.ClassCount);
    }

    [Fact]
    public async Task Import_WithoutHead_MakesABackboneWhoseWeightsCanBeTrainedFrom()
    {
        var (code, output, error) = await RunAsync(WriteWeights(classCount: 0), "bit-m");

        Assert.Equal((0, "models/bit-m/versions/1", ""), (code, output.TrimEnd(), error));
        using var workspace = Workspace.Open(WorkspacePath, TimeProvider.System);
        var manifest = Manifest(workspace, "bit-m");
        Assert.Equal(("backbone", 0, null), (manifest.Method, manifest.Labels.Count, manifest.Head));
        using var model = StoredGraph.Open(workspace.Blobs, manifest.Graph, new RuntimeOptions(), _ => { });
        Assert.Equal((0, 1024), (model.ClassCount, model.FeatureCount));
        var weights = NpzWeights.Read(workspace.Blobs.PathOf(manifest.Weights ?? ""), BitNetwork.ByName("bit-tiny"));
        Assert.Equal(0, weights.ClassCount);
    }

    [Fact]
    public async Task Import_WrongNetwork_NamesArraysWithExitCode2()
    {
        var (code, output, error) = await RunAsync(WriteWeights(classCount: 0), "m", "--network", "R50x1");

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("does not hold the weights of R50x1", error, StringComparison.Ordinal);
        Assert.Contains("resnet/block1/unit03/a/standardized_conv2d/kernel", error, StringComparison.Ordinal);
        AssertNothingWasMade();
    }

    [Theory]
    [InlineData("Not A Model")]
    [InlineData("models/m")]
    [InlineData("")]
    public async Task Import_BadModelId_IsRefusedBeforeTheFileIsRead(string model)
    {
        var (code, output, error) = await RunAsync(Path.Combine(_folder.Path, "absent.npz"), model);

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"--model is '{model}'; expected 1 to 63 characters", error, StringComparison.Ordinal);
        AssertNothingWasMade();
    }

    [Fact]
    public async Task Import_MissingFile_IsNamedWithExitCode2()
    {
        var path = Path.Combine(_folder.Path, "absent.npz");

        var (code, output, error) = await RunAsync(path, "m");

        Assert.Equal((2, ""), (code, output));
        Assert.Contains($"there is no file {path}", error, StringComparison.Ordinal);
        AssertNothingWasMade();
    }

    private static ModelManifest Manifest(Workspace workspace, string model) =>
        workspace.Models.Find(model)?.LatestVersion?.Manifest ?? throw new InvalidOperationException($"There is no model '{model}'.");

    private async Task<(int Code, string Output, string Error)> RunAsync(string weights, string model, params string[] more)
    {
        string[] network = more.Contains("--network") ? [] : ["--network", "bit-tiny"];
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await TrainerCommand.RunAsync(
            ["import", "--workspace", WorkspacePath, "--weights", weights, "--model", model, "--size", "32", .. network, .. more], output, error);
        return (code, output.ToString(), error.ToString());
    }

    private string WriteWeights(int classCount)
    {
        var path = Path.Combine(_folder.Path, "weights.npz");
        NpzWeights.Write(path, Initializers.Create(BitNetwork.ByName("bit-tiny"), classCount, seed: 3));
        return path;
    }

    private void AssertNothingWasMade() => Assert.False(Directory.Exists(WorkspacePath));
}
