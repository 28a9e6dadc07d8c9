using System.Buffers.Binary;
using System.Text;
using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Checkpoints;

/// <summary>Checkpoints of ONNX Runtime Training, and the move of a run between it and our engine. That the real runtime reads them:
/// OrtTraining/JudgeTests.</summary>
public sealed class OrtCheckpointTests : IDisposable
{
    private const int Version = 2;
    private static readonly BitNetwork Network = BitNetwork.ByName("bit-tiny");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Checkpoint_WrittenAndRead_IsTheSame()
    {
        var written = Small();

        var read = OrtCheckpointReader.Read(OrtCheckpointWriter.ToBytes(written, Version), Version);

        Assert.Equal(written.Step, read.Step);
        Assert.Equal(written.Properties, read.Properties);
        Assert.Equal(written.Parameters.Select(Text), read.Parameters.Select(Text));
        Assert.Equal(written.Momenta.Keys, read.Momenta.Keys);
        Assert.Equal(written.Momenta["w"].All.Select(Text), read.Momenta["w"].All.Select(Text));
    }

    // The offsets that ONNX Runtime reads by, from its schema: version in slot 4 of the root's vtable, FLOAT as data type.
    [Fact]
    public void Checkpoint_Bytes_HaveIdentifierAndVersionWhereTheRuntimeLooks()
    {
        var bytes = OrtCheckpointWriter.ToBytes(Small(), Version);

        Assert.Equal("ODTC", Encoding.ASCII.GetString(bytes, 4, 4));
        var root = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        var vtable = root - BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(root));
        var field = BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(vtable + 4));
        Assert.Equal(Version, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(root + field)));
    }

    [Fact]
    public void Checkpoint_OfEqualContent_HasEqualBytes() =>
        Assert.Equal(OrtCheckpointWriter.ToBytes(Small(), Version), OrtCheckpointWriter.ToBytes(Small(), Version));

    [Fact]
    public void Checkpoint_OfAnotherVersion_IsRefused()
    {
        var problem = Assert.Throws<ArtifactException>(() => OrtCheckpointReader.Read(OrtCheckpointWriter.ToBytes(Small(), version: 1), Version));
        Assert.Contains("format version 1; expected 2", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(40)]
    public void Checkpoint_CutShort_IsRefused(int length) =>
        Assert.Throws<ArtifactException>(() => OrtCheckpointReader.Read(OrtCheckpointWriter.ToBytes(Small(), Version)[..length], Version));

    [Fact]
    public void Checkpoint_BeyondWhatFlatBuffersHold_IsRefusedBeforeItIsBuilt()
    {
        var shared = new float[1 << 28];
        var checkpoint = new OrtCheckpoint { Step = 0, Parameters = [new OrtTensor("a", [shared.Length], shared), new OrtTensor("b", [shared.Length], shared)] };

        var problem = Assert.Throws<ArtifactException>(() => OrtCheckpointWriter.ToBytes(checkpoint, Version));

        Assert.Contains("Choose a smaller network", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_MovedToOrtTrainingAndBack_GoesOnWithItsMomenta()
    {
        var weights = Initializers.Create(Network, 2, seed: 4);
        var random = new Random(5);
        var momenta = weights.Parameters.ToDictionary(parameter => parameter.Name,
            parameter => Enumerable.Range(0, parameter.ElementCount).Select(_ => random.NextSingle() - 0.5f).ToArray());
        var (own, ort) = (Path.Combine(_folder.Path, "own.safetensors"), Path.Combine(_folder.Path, "checkpoint"));
        new RunPoint(weights, momenta, 17).Write(own);

        var there = RunPoint.Read(own, Network, 2).ToOrt(OrtOptimizerKind.SgdMomentum);
        File.WriteAllBytes(ort, OrtCheckpointWriter.ToBytes(there, Version));
        var back = RunPoint.Read(ort, Network, 2);

        Assert.Equal((17L, 17L), (there.Step, back.Step));
        foreach (var parameter in weights.Parameters)
        {
            Assert.Equal(weights[parameter.Name], back.Weights[parameter.Name]);
            var returned = back.Momenta?[parameter.Name] ?? [];
            // The kernel's momentum is a tenth of SGD's; a product and a quotient in float32 round by 2^-24 each.
            for (var index = 0; index < parameter.ElementCount; index++)
            {
                var expected = momenta[parameter.Name][index];
                Assert.Equal(expected * 0.1, there.Momenta[parameter.Name].First.Values[index], Math.Abs(expected) * 1e-6);
                Assert.Equal(expected, returned[index], Math.Abs(expected) * 2.5e-7f);
            }
        }
    }

    [Fact]
    public void Momenta_OfSgd_CannotBecomeThoseOfAdamW()
    {
        var weights = Initializers.Create(Network, 2, seed: 4);
        var point = new RunPoint(weights, weights.Parameters.ToDictionary(parameter => parameter.Name, parameter => new float[parameter.ElementCount]), 1);

        var problem = Assert.Throws<ArtifactException>(() => point.ToOrt(OrtOptimizerKind.AdamW));

        Assert.Contains("adamw cannot go on", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OrtOptimizerKind.AdamW, "bit-tiny", 2, "its momenta are of adamw, not of sgd-momentum")]
    [InlineData(OrtOptimizerKind.SgdMomentum, "R50x1", 2, "it is of network bit-tiny, not R50x1")]
    [InlineData(OrtOptimizerKind.SgdMomentum, "bit-tiny", 3, "expected 3072")]
    public void Checkpoint_OfAnotherRun_IsRefusedWithTheReason(OrtOptimizerKind optimizer, string network, int classes, string reason)
    {
        var path = Path.Combine(_folder.Path, "checkpoint");
        File.WriteAllBytes(path, OrtCheckpointWriter.ToBytes(
            new RunPoint(Initializers.Create(Network, 2, seed: 4), Momenta: null, Step: 3).ToOrt(optimizer), Version));

        var problem = Assert.Throws<ArtifactException>(() => RunPoint.Read(path, BitNetwork.ByName(network), classes));

        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
    }

    private static OrtCheckpoint Small() => new()
    {
        Step = 42,
        Parameters = [new OrtTensor("w", [2, 3], [1, 2, 3, 4, 5, 6]), new OrtTensor("b", [1], [-7])],
        Momenta = new Dictionary<string, OrtMomenta>
        {
            ["w"] = new OrtMomenta(new OrtTensor("momentum0", [2, 3], [6, 5, 4, 3, 2, 1]), new OrtTensor("momentum1", [2, 3], new float[6])),
        },
        Properties = new Dictionary<string, string> { ["bit.network"] = "bit-tiny", ["bit.optimizer"] = "sgd-momentum" },
    };

    private static string Text(OrtTensor tensor) => $"{tensor.Name} [{string.Join(",", tensor.Sizes)}] {string.Join(" ", tensor.Values)}";
}
