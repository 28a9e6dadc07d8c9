namespace BiT.Tests.EndToEnd.CommandLine;

/// <summary>Programs as they are built for their users: beside these tests' own folder, bin/{configuration}/{framework}.</summary>
internal static class BuiltPrograms
{
    public static string Bit => In("src/Client/Cli", "bit.dll");

    public static string ClientExample => In("docs/examples/Client", "BiT.Examples.Client.dll");

    private static string In(string project, string file)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.GetFullPath(Path.Combine(own.FullName, "..", "..", "..", "..", "..", project, "bin", own.Parent?.Name ?? "", own.Name, file));
    }
}
