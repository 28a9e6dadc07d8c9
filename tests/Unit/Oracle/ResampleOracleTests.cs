using BiT.Tests.Unit.Imaging;

namespace BiT.Tests.Unit.Oracle;

/// <summary>The resampler against Pillow's BILINEAR, byte by byte. BIT_RESAMPLE_ORACLES names another folder with files of the same form.</summary>
public sealed class ResampleOracleTests
{
    public static TheoryData<string> Files => OracleFolder.Files("BIT_RESAMPLE_ORACLES", "oracle-resample");

    [Theory]
    [MemberData(nameof(Files))]
    public void Resampler_AgainstPillow_IsEqualInEveryByte(string path)
    {
        var (cases, differing, worst) = ResampleOracle.Run(path);
        OracleFolder.Report($"{(differing == 0 ? "passed" : "FAILED")} {Path.GetFileNameWithoutExtension(path)}: {cases} pictures, {differing} bytes differ, worst by {worst}");
        Assert.True(cases > 0, $"{path} holds no case.");
        Assert.Equal(0, differing);
    }
}
