namespace BiT.CommandLine.Demo;

/// <summary>A folder of the demo's own below the system's temporary folder; deleted at the end unless it is to be kept.</summary>
internal sealed class TemporaryWorkspace : IAsyncDisposable
{
    private const int MaxDeleteAttempts = 20;

    private readonly bool _keep;

    public TemporaryWorkspace(bool keep)
    {
        _keep = keep;
        Path = Directory.CreateTempSubdirectory("bit-demo-").FullName;
    }

    public string Path { get; }

    /// <summary>The drawn pictures.</summary>
    public string Pictures => System.IO.Path.Combine(Path, "pictures");

    /// <summary>The server's workspace.</summary>
    public string Workspace => System.IO.Path.Combine(Path, "workspace");

    /// <summary>What the server said.</summary>
    public string ServerLog => System.IO.Path.Combine(Path, "server.log");

    public async ValueTask DisposeAsync()
    {
        if (_keep)
            return;
        // A trainer that was just killed may still be writing its last file.
        for (var attempt = 1; attempt <= MaxDeleteAttempts; attempt++)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException)
            {
                return;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }
}
