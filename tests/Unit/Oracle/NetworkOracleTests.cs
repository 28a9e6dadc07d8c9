namespace BiT.Tests.Unit.Oracle;

/// <summary>The networks against the official BiT code. BIT_ORACLES names another folder with files of the same form.</summary>
public sealed class NetworkOracleTests
{
    public static TheoryData<string> Files => OracleFolder.Files("BIT_ORACLES", "oracle");

    [Theory]
    [MemberData(nameof(Files))]
    public void Network_AgainstTheOfficialCode_IsWithinTolerance(string path)
    {
        using var folder = new TemporaryFolder();
        var report = NetworkOracle.Check(OracleFile.Read(path), folder.Path);
        OracleFolder.Report(report.ToString());
        Assert.True(report.Passed, report.ToString());
    }
}
