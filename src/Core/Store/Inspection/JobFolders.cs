namespace BiT.Core.Store;

/// <summary>The folders of jobs/ as they stood before the rows were read.</summary>
internal static class JobFolders
{
    public static IReadOnlyList<string> List(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)]
        : [];
}
