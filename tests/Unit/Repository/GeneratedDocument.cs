namespace BiT.Tests.Unit.Repository;

/// <summary>A document that is written by the code it describes.</summary>
internal static class GeneratedDocument
{
    private const string UpdateVariable = "BIT_UPDATE_DOCS";

    /// <summary>Fails if the file holds another text; with BIT_UPDATE_DOCS=1 writes it instead.</summary>
    /// <param name="path">Path below the repository's root.</param>
    /// <param name="text">What the code says.</param>
    public static void Check(string path, string text)
    {
        var full = Path.Combine(RepositoryRoot.Path, path);
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            File.WriteAllText(full, text);
        var actual = File.Exists(full) ? File.ReadAllText(full).ReplaceLineEndings("\n") : "";
        Assert.True(actual == text, $"{path} is not what the code says. Write it anew: "
            + $"{UpdateVariable}=1 dotnet test --solution BiT.sln, and look at what changed.");
    }
}
