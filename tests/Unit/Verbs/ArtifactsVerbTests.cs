using System.Text.Json;
using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Networks;
using BiT.Training.Verbs;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Verbs;

public sealed class ArtifactsVerbTests : IDisposable
{
    private static readonly BitNetwork Network = BitNetwork.ByName("bit-tiny");
    private readonly TemporaryFolder _folder = new();

    private string Out => Path.Combine(_folder.Path, "artifacts");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ort-training", "checkpoint")]
    [InlineData("bit", "checkpoint.safetensors")]
    public async Task Artifacts_ForATarget_AreFourFilesThatAreNamed(string target, string checkpoint)
    {
        var (code, output, error) = await RunAsync("--target", target);

        Assert.Equal((0, ""), (code, error));
        string[] expected = ["training_model.onnx", "eval_model.onnx", "optimizer_model.onnx", checkpoint];
        Assert.Equal(expected.Order(), Directory.EnumerateFiles(Out).Select(Path.GetFileName).Order());
        var files = JsonDocument.Parse(output).RootElement.GetProperty("files").EnumerateArray().Select(file => Path.GetFileName(file.GetProperty("path").GetString()));
        Assert.Equal(expected, files);
    }

    [Fact]
    public async Task Artifacts_FromWeights_StartFromThem()
    {
        var weights = Initializers.Create(Network, 5, seed: 9).WithHead(5, [.. Enumerable.Range(0, 5 * Network.FeatureCount).Select(index => index * 1e-4f)], [1, 2, 3, 4, 5]);
        var npz = Path.Combine(_folder.Path, "weights.npz");
        NpzWeights.Write(npz, weights);

        var (code, _, error) = await RunAsync("--weights", npz);

        Assert.Equal((0, ""), (code, error));
        var start = RunPoint.Read(Path.Combine(Out, "checkpoint"), Network, 5);
        Assert.Equal(0, start.Step);
        Assert.All(weights.Parameters, parameter => Assert.Equal(weights[parameter.Name], start.Weights[parameter.Name]));
    }

    [Fact]
    public async Task Artifacts_FromACheckpoint_GoOnWithTheRunAndGiveItsWeights()
    {
        var weights = Initializers.Create(Network, 5, seed: 9);
        var momenta = weights.Parameters.ToDictionary(parameter => parameter.Name, parameter => Enumerable.Repeat(0.5f, parameter.ElementCount).ToArray());
        var (own, npz) = (Path.Combine(_folder.Path, "run.safetensors"), Path.Combine(_folder.Path, "learnt.npz"));
        new RunPoint(weights, momenta, 30).Write(own);

        var (code, output, error) = await RunAsync("--checkpoint", own, "--npz", npz, "--gradients", "native");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(30, JsonDocument.Parse(output).RootElement.GetProperty("step").GetInt64());
        var start = OrtCheckpointReader.Read(await File.ReadAllBytesAsync(Path.Combine(Out, "checkpoint"), TestContext.Current.CancellationToken), 2);
        Assert.Equal(30, start.Step);
        Assert.All(start.Momenta.Values, pair => Assert.Equal(0.05f, pair.First.Values[0], 1e-7f));
        Assert.Equal(weights["resnet/root_block/standardized_conv2d/kernel"], NpzWeights.Read(npz, Network)["resnet/root_block/standardized_conv2d/kernel"]);
    }

    [Theory]
    [InlineData("--target", "tensorflow", "tensorflow")]
    [InlineData("--gradients", "numerical", "numerical")]
    [InlineData("--optimizer", "lamb", "lamb")]
    [InlineData("--accumulation", "0", "--accumulation is 0; expected 1 to 4096")]
    [InlineData("--schedule-images", "0", "--schedule-images is 0; expected at least 1")]
    [InlineData("--weights", "absent.npz", "--weights: there is no file")]
    [InlineData("--checkpoint", "absent", "--checkpoint: there is no file")]
    public async Task Artifacts_BadValue_IsNamedWithExitCode2(string option, string value, string named)
    {
        var (code, output, error) = await RunAsync(option, value);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }

    [Fact]
    public async Task Artifacts_OptionOfTheOtherTarget_IsRefused()
    {
        var (code, _, error) = await RunAsync("--target", "bit", "--gradients", "native");

        Assert.Equal(2, code);
        Assert.Contains("--gradients is for --target ort-training only", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Artifacts_FromADamagedCheckpoint_NameItWithExitCode2()
    {
        var path = Path.Combine(_folder.Path, "checkpoint");
        await File.WriteAllBytesAsync(path, [1, 2, 3], TestContext.Current.CancellationToken);

        var (code, _, error) = await RunAsync("--checkpoint", path);

        Assert.Equal(2, code);
        Assert.StartsWith("checkpoint: ", error, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] options)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        string[] required = ["artifacts", "--network", "bit-tiny", "--classes", "5", "--batch", "2", "--size", "32", "--out", Out];
        var code = await TrainerCommand.RunAsync([.. required, .. options], output, error);
        return (code, output.ToString(), error.ToString());
    }
}
