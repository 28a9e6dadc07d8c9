namespace BiT.Core.Store;
public sealed partial class JobStore
{
    public JobRecord Submit(FineTuneSpec spec, string? requestId) => throw new NotSupportedException();
    public JobRecord? Find(string jobId) => throw new NotSupportedException();
    public Page<JobRecord> List(int pageSize, string? pageToken) => throw new NotSupportedException();
    public JobRecord RequestCancel(string jobId) => throw new NotSupportedException();
    public IReadOnlyList<JobEvent> ReadEvents(string jobId, long afterCursor, int limit) => throw new NotSupportedException();
    public JobLease? TryLease(string workerId, TimeSpan duration) => throw new NotSupportedException();
    public bool Heartbeat(JobLease lease, JobProgress? progress) => throw new NotSupportedException();
    public void AppendMessage(JobLease lease, string text) => throw new NotSupportedException();
    public void SetPlan(JobLease lease, string planJson) => throw new NotSupportedException();
    /// <summary>Names the newest whole checkpoint, relative to the job's folder (JobRecord.Checkpoint).</summary>
    public void SetCheckpoint(JobLease lease, string path) => throw new NotSupportedException();
    public void Release(JobLease lease) => throw new NotSupportedException();
    public void Fail(JobLease lease, JobError error) => throw new NotSupportedException();
    public void Cancel(JobLease lease) => throw new NotSupportedException();
    public ModelVersionRecord Publish(JobLease lease, ModelManifest manifest) => throw new NotSupportedException();
    public int RequeueExpired() => throw new NotSupportedException();
    public int RequeueWorker(string workerId) => throw new NotSupportedException();
}
