using BiT.Core.Weights;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.TrainerWeights;

public sealed class NpzWeightsTests : IDisposable
{
    private static readonly BitNetwork Network = BitNetwork.ByName("bit-tiny");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Weights_WrittenAndRead_AreTheSame(int classCount)
    {
        var weights = Initializers.Create(Network, classCount, seed: 4);
        var path = Path.Combine(_folder.Path, "weights.npz");
        NpzWeights.Write(path, weights);

        var read = NpzWeights.Read(path, Network);

        Assert.Equal(classCount, read.ClassCount);
        Assert.All(weights.Parameters, parameter => Assert.Equal(weights[parameter.Name], read[parameter.Name]));
    }

    [Fact]
    public void Write_Kernel_IsTransposedToTheOfficialLayout()
    {
        var weights = Initializers.Create(Network, 0, seed: 4);
        var path = Path.Combine(_folder.Path, "weights.npz");
        NpzWeights.Write(path, weights);

        const string name = "resnet/root_block/standardized_conv2d/kernel";
        var array = NpzFile.Read(path)[name];
        Assert.Equal([7, 7, 3, 32], array.Shape);
        // Output 5, input 2, row 3, column 6.
        Assert.Equal(weights[name][((5 * 3 + 2) * 7 + 3) * 7 + 6], array.Values[((3 * 7 + 6) * 3 + 2) * 32 + 5]);
    }

    [Fact]
    public void Read_MissingExtraAndMisshapenArrays_AreListedByName()
    {
        var path = Write(arrays =>
        {
            arrays.Remove("resnet/block2/unit01/a/proj/standardized_conv2d/kernel");
            arrays["resnet/extra"] = new NpyArray([2], [1, 2]);
            arrays["resnet/group_norm/gamma"] = new NpyArray([3], [1, 2, 3]);
        });

        var problem = Assert.Throws<WeightsException>(() => NpzWeights.Read(path, Network));

        Assert.Contains("missing 1: resnet/block2/unit01/a/proj/standardized_conv2d/kernel", problem.Message);
        Assert.Contains("unexpected 1: resnet/extra", problem.Message);
        Assert.Contains("resnet/group_norm/gamma is [3], expected [1024]", problem.Message);
    }

    [Fact]
    public void Read_FileOfAnotherNetwork_IsRefused()
    {
        var path = Write(_ => { });

        var problem = Assert.Throws<WeightsException>(() => NpzWeights.Read(path, BitNetwork.ByName("R50x1")));

        Assert.Contains("R50x1", problem.Message);
        Assert.Contains("block1/unit03", problem.Message);
    }

    [Fact]
    public void Read_NoZip_IsRefused()
    {
        var path = Path.Combine(_folder.Path, "text.npz");
        File.WriteAllText(path, "not a zip");

        Assert.Throws<WeightsException>(() => NpzWeights.Read(path, Network));
    }

    private string Write(Action<Dictionary<string, NpyArray>> change)
    {
        var path = Path.Combine(_folder.Path, "weights.npz");
        NpzWeights.Write(path, Initializers.Create(Network, 0, seed: 4));
        var arrays = NpzFile.Read(path).ToDictionary();
        change(arrays);
        NpzFile.Write(path, arrays);
        return path;
    }
}
