using BiT.Core.Weights;
using BiT.Training.Verbs;

namespace BiT.Tests.Unit.Verbs;

public sealed class ImportVerbTests
{
    [Fact]
    public async Task Import_NetworkBeyondOneFile_IsRefusedBeforeTheWeightsAreRead()
    {
        using var folder = new TemporaryFolder();
        var weights = Path.Combine(folder.Path, "weights.npz");
        // Not the arrays of any network: reading them would name those.
        NpzFile.Write(weights, [new("anything", new NpyArray([1], [0f]))]);
        var (output, error) = (new StringWriter(), new StringWriter());

        var code = await TrainerCommand.RunAsync(
            ["import", "--workspace", folder.Path, "--weights", weights, "--network", "R152x4", "--model", "big"], output, error);

        Assert.Equal((2, ""), (code, output.ToString()));
        Assert.All(["--network", "R152x4", "3.71 GB", "1.9 GB", "R152x2"], part => Assert.Contains(part, error.ToString()));
    }
}
