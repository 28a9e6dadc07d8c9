using System.Runtime.CompilerServices;

namespace BiT.Tests.Unit.Repository;

/// <summary>Finds the source tree the tests were built from.</summary>
internal static class RepositoryRoot
{
    public static string Path { get; } = Find();

    private static string Find([CallerFilePath] string thisFile = "")
    {
        for (var folder = Directory.GetParent(thisFile); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "BiT.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"No BiT.sln above {thisFile}: run the tests from a checkout of the repository.");
    }
}
