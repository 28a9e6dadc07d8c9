namespace BiT.Core.Store;

/// <summary>One folder that holds everything the service knows: a SQLite database and content-addressed files. The only thing
/// that server and trainers share. See docs/formats/workspace.md.</summary>
/// <remarks>All members may be called from several threads, and several processes of one machine may have a workspace open.
/// The creator disposes it after the last call has returned.</remarks>
public sealed class Workspace : IDisposable
{
    private const string DatabaseName = "bit.db";

    private readonly Database _database;
    private readonly TimeProvider _time;

    private Workspace(string path, Database database, TimeProvider time, WorkspaceOptions options)
    {
        _database = database;
        _time = time;
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

    /// <summary>Generated training graphs, by content hash. They may be deleted, and are made again.</summary>
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
        workspace.DeleteLeftovers();
        return workspace;
    }

    /// <summary>Makes an empty file for something on its way; the caller disposes it, which deletes it.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public SpoolFile CreateSpool() => SpoolFile.Create(TemporaryFolder);

    /// <summary>Keeps what is stored or loses its last reference from now on from being collected; the caller disposes it.</summary>
    /// <exception cref="IOException">It cannot be taken.</exception>
    public BlobHold HoldBlobs() => BlobHold.Take(TemporaryFolder);

    /// <summary>As <see cref="HoldBlobs"/>, for who only reads: null on a disk without room for it, and what is read is protected by its age
    /// alone.</summary>
    public BlobHold? TryHoldBlobs() => WorkspaceInspection.TryHold(TemporaryFolder);

    /// <summary>Deletes what nobody needs any more: unreferenced blobs, checkpoints and progress events of jobs that ended long ago, what can be
    /// made again and was not used for long, leftovers of processes that died. May be called at any time; see docs/operations.md.</summary>
    /// <param name="options">How long things are kept.</param>
    /// <param name="isDryRun">Deletes nothing, only counts.</param>
    /// <exception cref="InvalidDataException">A row cannot be read, so nobody knows what it refers to; nothing was deleted.</exception>
    public CollectionReport Collect(CollectionOptions options, bool isDryRun)
    {
        var (blobs, kept) = new BlobCollector(_database, Blobs, TemporaryFolder).Collect(options.BlobAge, isDryRun);
        var jobs = new JobCollector(_database, FolderOf("jobs"), _time);
        var checkpoints = jobs.CollectCheckpoints(options.CheckpointAge, isDryRun);
        var events = jobs.CollectEvents(options.EventAge, isDryRun);
        var cache = new CacheCollector(CacheFolder, ArtifactFolder).Collect(options.CacheAge, options.CacheBytes, isDryRun);
        if (!isDryRun)
            DeleteLeftovers();
        return new CollectionReport
        {
            IsDryRun = isDryRun,
            BlobCount = blobs.Files,
            BlobBytes = blobs.Bytes,
            KeptBlobCount = kept.Files,
            KeptBlobBytes = kept.Bytes,
            CheckpointJobCount = checkpoints.Files,
            CheckpointBytes = checkpoints.Bytes,
            EventCount = events,
            CacheCount = cache.Files,
            CacheBytes = cache.Bytes,
        };
    }

    /// <summary>Takes back what trainers held when the database was copied: they do not know this workspace.</summary>
    internal void ForgetProcesses()
    {
        _database.Write(connection => connection.Execute("DELETE FROM trainers; DELETE FROM tasks;"));
        Jobs.TakeBackAll();
    }

    /// <summary>Deletes a job that is done: its row and events first, then its folder. Its version stays.</summary>
    /// <remarks>A folder that outlives its row, because the process ended in between or a file was in use, goes when the workspace is next
    /// opened.</remarks>
    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    /// <exception cref="JobStateException">The job is not done (JOB_NOT_DONE).</exception>
    public void DeleteJob(string jobId)
    {
        Jobs.Delete(jobId);
        TryDelete(System.IO.Path.Combine(FolderOf("jobs"), jobId));
    }

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

    private void DeleteLeftovers()
    {
        Blobs.DeleteAbandoned();
        SpoolFile.DeleteAbandoned(TemporaryFolder);
        BlobHold.Oldest(TemporaryFolder);
        DeleteFoldersWithoutJob();
    }

    // The folders are listed before the rows are read: a folder is made after its row, so one without a row has lost it.
    private void DeleteFoldersWithoutJob()
    {
        var ids = Directory.EnumerateDirectories(FolderOf("jobs")).Select(folder => System.IO.Path.GetFileName(folder))
            .Where(ResourceIds.IsJobId).ToArray();
        foreach (var id in ids.Except(Jobs.Existing(ids)))
            TryDelete(System.IO.Path.Combine(FolderOf("jobs"), id));
    }

    private static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // It stays until the workspace is next opened.
        }
    }

    private string FolderOf(string name) => System.IO.Path.Combine(Path, name);
}
