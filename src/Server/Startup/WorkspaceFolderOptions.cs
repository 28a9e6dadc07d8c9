namespace BiT.Serving.Startup;

/// <summary>Where data sets, jobs and models are kept. Section <c>Workspace</c>.</summary>
internal sealed record WorkspaceFolderOptions
{
    /// <summary>A folder on a local disk; made if absent.</summary>
    public string Path { get; init; } =
        System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "bit", "workspace");
}
