namespace BiT.Core.Store;
public sealed class Workspace : IDisposable
{
    public static Workspace Open(string path, TimeProvider time, WorkspaceOptions? options = null) => throw new NotSupportedException();
    public string Path => throw new NotSupportedException();
    public string TemporaryFolder => throw new NotSupportedException();
    public string ArtifactFolder => throw new NotSupportedException();
    public string CacheFolder => throw new NotSupportedException();
    public BlobStore Blobs => throw new NotSupportedException();
    public DatasetStore Datasets => throw new NotSupportedException();
    public JobStore Jobs => throw new NotSupportedException();
    public ModelStore Models => throw new NotSupportedException();
    /// <summary>Folder of a job's checkpoints; made if absent.</summary>
    public string JobFolder(string jobId) => throw new NotSupportedException();
    /// <summary>Folder that only this attempt of a job writes to, within the job's folder; made if absent.</summary>
    public string AttemptFolder(JobLease lease) => throw new NotSupportedException();
    public long DataVersion() => throw new NotSupportedException();
    public void Dispose() { }
}
