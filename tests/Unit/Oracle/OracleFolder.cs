namespace BiT.Tests.Unit.Oracle;

/// <summary>Where oracle files come from and where their report lines go; tests/oracle.sh sets both.</summary>
internal static class OracleFolder
{
    private static readonly Lock ReportLock = new();

    /// <summary>The JSON files of the folder that a variable names, or of the fixtures.</summary>
    public static TheoryData<string> Files(string variable, string fixture)
    {
        var folder = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "Fixtures", fixture);
        return [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)];
    }

    /// <summary>Appends a line to the file that BIT_ORACLE_REPORT names, if it is set.</summary>
    public static void Report(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        if (Environment.GetEnvironmentVariable("BIT_ORACLE_REPORT") is not { Length: > 0 } path)
            return;
        lock (ReportLock)
            File.AppendAllText(path, line + "\n");
    }
}
