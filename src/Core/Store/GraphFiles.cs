namespace BiT.Core.Store;

/// <summary>An inference graph and its external data side by side under their real names, for as long as a session is being opened.</summary>
/// <remarks>
/// ONNX Runtime finds external data by its name in the model's own folder, and refuses symbolic links that lead out of it. So both blobs are
/// hard-linked into a new folder of tmp/, which costs no space and no time. The folder is made anew for each opening and deleted after it:
/// nobody shares it, so nobody sees half of it; no link outlives its blob; and what a killed process leaves is deleted like all of tmp/.
/// On Unix an opened session keeps its mapping of a deleted file.
/// </remarks>
public sealed class GraphFiles : IDisposable
{
    /// <summary>Beginning of the names of such folders in tmp/.</summary>
    internal const string FolderPrefix = "graph-";

    private readonly string _folder;

    private GraphFiles(string folder) => _folder = folder;

    /// <summary>Path of the model; its data lies beside it.</summary>
    public string ModelPath => Path.Combine(_folder, GraphBlobs.ModelFile);

    /// <summary>Puts the files beside each other.</summary>
    /// <param name="blobs">Where they are stored.</param>
    /// <param name="model">Blob of the model.</param>
    /// <param name="data">Blob of its external data.</param>
    /// <param name="temporaryFolder">Folder to make theirs in, on the file system of the blobs.</param>
    /// <param name="log">Receives a warning if the files had to be copied.</param>
    /// <param name="link">Links the first path as the second and says why it cannot, as <see cref="HardLink.TryCreate"/>.</param>
    /// <exception cref="FileNotFoundException">A blob is gone.</exception>
    internal static GraphFiles Create(
        BlobStore blobs, string model, string data, string temporaryFolder, Action<string> log, Func<string, string, string?>? link = null)
    {
        var files = new GraphFiles(Path.Combine(temporaryFolder, $"{FolderPrefix}{Guid.NewGuid():N}"));
        try
        {
            Directory.CreateDirectory(files._folder);
            foreach (var (blob, name) in new[] { (model, GraphBlobs.ModelFile), (data, GraphBlobs.DataFile) })
                Place(blobs.PathOf(blob), Path.Combine(files._folder, name), link ?? HardLink.TryCreate, log);
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Deletes the folder; what is open stays readable.</summary>
    public void Dispose()
    {
        try
        {
            if (Directory.Exists(_folder))
                Directory.Delete(_folder, recursive: true);
        }
        catch (Exception problem) when (OperatingSystem.IsWindows() && problem is IOException or UnauthorizedAccessException)
        {
            // Windows keeps files that a session has mapped; the folder goes with what else is abandoned in tmp/.
        }
    }

    private static void Place(string blob, string path, Func<string, string, string?> link, Action<string> log)
    {
        if (link(blob, path) is not { } refusal)
            return;
        log($"{blob} cannot be hard-linked ({refusal}), so {new FileInfo(blob).Length / 1e6:N1} MB are copied, now and whenever this graph is opened. "
            + "Keep the workspace on one file system with hard links, and its files with one user.");
        using var source = File.OpenRead(blob);
        using var copy = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        source.CopyTo(copy, 1 << 20);
    }
}
