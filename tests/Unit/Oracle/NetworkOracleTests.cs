namespace BiT.Tests.Unit.Oracle;

/// <summary>The networks against the official BiT code. BIT_ORACLES names another folder with files of the same form.</summary>
public sealed class NetworkOracleTests
{
    public static TheoryData<string, bool> Files
    {
        get
        {
            var rows = new TheoryData<string, bool>();
            foreach (var file in OracleFolder.Files("BIT_ORACLES", "oracle"))
            {
                rows.Add(file, true);
                rows.Add(file, false);
            }
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Network_AgainstTheOfficialCode_IsWithinTolerance(string path, bool kernels)
    {
        using var folder = new TemporaryFolder();
        var report = NetworkOracle.Check(OracleFile.Read(path), folder.Path, kernels);
        OracleFolder.Report(report.ToString());
        Assert.True(report.Passed, report.ToString());
    }
}
