namespace BiT.Core.Store;

/// <summary>One folder that holds everything the service knows: a SQLite database and content-addressed files. The only thing
/// that server and trainers share. See docs/formats/workspace.md.</summary>
/// <remarks>All members may be called from several threads, and several processes of one machine may have a workspace open.
/// The creator disposes it after the last call has returned.</remarks>
public sealed class Workspace : IDisposable
{
    private const string DatabaseName = "bit.db";

    private readonly Database _database;

    private Workspace(string path, Database database, TimeProvider time, WorkspaceOptions options)
    {
        _database = database;
        Path = path;
        Blobs = new BlobStore(FolderOf("blobs"), TemporaryFolder);
        Models = new ModelStore(database, Blobs, time);
        Datasets = new DatasetStore(database, Blobs, time);
        Jobs = new JobStore(database, Models, time, options);
        Tasks = new TaskStore(database, Models, time);
    }

    /// <summary>The workspace folder, absolute.</summary>
    public string Path { get; }

    /// <summary>For files on their way; on the same file system as everything else, so that a rename moves them.</summary>
    public string TemporaryFolder => FolderOf("tmp");

    /// <summary>Generated training graphs, by content hash. May be deleted: they are made again.</summary>
    public string ArtifactFolder => FolderOf("artifacts");

    /// <summary>Computed things such as features and pre-scaled photos. May be deleted: they are made again.</summary>
    public string CacheFolder => FolderOf("cache");

    public BlobStore Blobs { get; }

    public DatasetStore Datasets { get; }

    public JobStore Jobs { get; }

    public ModelStore Models { get; }

    /// <summary>Short work that callers wait for.</summary>
    public TaskStore Tasks { get; }

    /// <summary>Opens a workspace; makes the folder, its subfolders and the tables where they are absent.</summary>
    /// <param name="path">The workspace folder, on a local disk.</param>
    /// <param name="time">The clock; every time stamp and lease comes from it.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="WorkspaceException">The folder lies on a network file system, holds another program's database, or was
    /// written by a newer version.</exception>
    public static Workspace Open(string path, TimeProvider time, WorkspaceOptions? options = null)
    {
        options ??= new WorkspaceOptions();
        options.Validate();
        var root = System.IO.Path.GetFullPath(path);
        DurableFile.CreateFolder(root);
        LocalDisk.Check(root);
        foreach (var name in (ReadOnlySpan<string>)["blobs", "jobs", "artifacts", "cache", "tmp"])
            DurableFile.CreateFolder(System.IO.Path.Combine(root, name));
        var database = new Database(System.IO.Path.Combine(root, DatabaseName), options);
        DurableFile.FlushFolder(root);
        var workspace = new Workspace(root, database, time, options);
        workspace.Blobs.DeleteAbandoned();
        SpoolFile.DeleteAbandoned(workspace.TemporaryFolder);
        return workspace;
    }

    /// <summary>Makes an empty file for something on its way; the caller disposes it, which deletes it.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public SpoolFile CreateSpool() => SpoolFile.Create(TemporaryFolder);

    /// <summary>Folder of a job's checkpoints; made if absent.</summary>
    /// <exception cref="ArgumentException">The id does not have the form of a job id.</exception>
    public string JobFolder(string jobId)
    {
        if (!ResourceIds.IsJobId(jobId))
            throw new ArgumentException($"'{jobId}' is not a job id: expected 32 hexadecimal digits in lower case.", nameof(jobId));
        var folder = System.IO.Path.Combine(FolderOf("jobs"), jobId);
        DurableFile.CreateFolder(folder);
        return folder;
    }

    /// <summary>Folder within the job's folder that only this attempt writes to; made if absent.</summary>
    /// <remarks>A row can be fenced, a file cannot: a trainer that lost its lease without noticing may still be writing. It writes into
    /// its own attempt's folder, and <see cref="JobRecord.Checkpoint"/> names the file that counts.</remarks>
    public string AttemptFolder(JobLease lease)
    {
        var folder = System.IO.Path.Combine(JobFolder(lease.JobId), FormattableString.Invariant($"attempt-{lease.Attempt}"));
        DurableFile.CreateFolder(folder);
        return folder;
    }

    /// <summary>A number that changes whenever anybody, in this or another process, commits to the database. SQLite notifies nobody:
    /// poll this (it is cheap) and read again when it differs.</summary>
    public long DataVersion() => _database.DataVersion();

    public void Dispose() => _database.Dispose();

    private string FolderOf(string name) => System.IO.Path.Combine(Path, name);
}
