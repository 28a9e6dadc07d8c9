using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Fine-tuning jobs. This part: what submitters and readers call; the workers' part is in JobStore.Leases.cs.</summary>
public sealed partial class JobStore
{
    private const string Listing = "jobs";
    private const int MaxRequestIdLength = 100;

    private readonly Database _database;
    private readonly ModelStore _models;
    private readonly TimeProvider _time;
    private readonly WorkspaceOptions _options;

    internal JobStore(Database database, ModelStore models, TimeProvider time, WorkspaceOptions options)
    {
        _database = database;
        _models = models;
        _time = time;
        _options = options;
    }

    /// <summary>Queues a job.</summary>
    /// <param name="spec">What to do. Its data set is not looked up here.</param>
    /// <param name="requestId">Chosen by the caller, at most 100 characters; null or empty turns idempotency off.</param>
    /// <returns>The new job, or the one that the same request id and the same specification made before.</returns>
    /// <exception cref="RequestIdConflictException">The request id was used with another specification.</exception>
    /// <exception cref="StoreNotFoundException">There is no such base (any more).</exception>
    /// <exception cref="ArgumentException">The model id or the request id is not valid.</exception>
    public JobRecord Submit(FineTuneSpec spec, string? requestId)
    {
        ResourceIds.CheckModelId(spec.ModelId);
        if (requestId?.Length > MaxRequestIdLength)
        {
            throw new ArgumentException($"The request id has {requestId.Length} characters; "
                + $"at most {MaxRequestIdLength} are allowed.", nameof(requestId));
        }
        return _database.Write(connection =>
        {
            if (!string.IsNullOrEmpty(requestId) && JobRow.FindRequest(connection, requestId) is { } earlier)
            {
                return earlier.Job.Spec == spec
                    ? earlier.Job
                    : throw new RequestIdConflictException(requestId,
                        $"Request id '{requestId}' was used for job {earlier.Job.Id} with another "
                        + "specification. Use a new id for a new request; repeat the same content to get that job.");
            }
            // In this transaction: a version that a waiting job starts from cannot be deleted.
            if (spec.Base is { } origin)
                ModelStore.RequireVersion(connection, origin);
            return Insert(connection, spec, string.IsNullOrEmpty(requestId) ? null : requestId);
        });
    }

    /// <summary>A job as it stands, or null.</summary>
    public JobRecord? Find(string jobId) => _database.Read(connection => JobRow.Find(connection, jobId)?.Job);

    /// <summary>Jobs, newest first.</summary>
    /// <param name="pageSize">0 means 50; more than 1000 counts as 1000.</param>
    /// <param name="pageToken">Of the previous page; null or empty for the first.</param>
    /// <exception cref="InvalidPageTokenException">The token is not of this listing.</exception>
    public Page<JobRecord> List(int pageSize, string? pageToken)
    {
        var size = Paging.Size(pageSize);
        var before = Paging.NumberKey(Listing, pageToken) ?? long.MaxValue;
        var page = _database.Read(connection => Paging.Cut(Listing, JobRow.Newest(connection, before, size + 1), size, row => row.Seq));
        return new Page<JobRecord>(page.Items.Select(row => row.Job).ToList(), page.NextPageToken);
    }

    /// <summary>Asks a job to stop. One that nobody works on is Cancelled at once; a Running one is told at its next heartbeat (or is
    /// Cancelled when its worker is gone); one that is done stays as it is.</summary>
    /// <returns>The job afterwards.</returns>
    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    public JobRecord RequestCancel(string jobId) => _database.Write(connection =>
    {
        var row = JobRow.Get(connection, jobId);
        if (row.Job.IsDone || row.Job.CancelRequested)
            return row.Job;
        var now = _time.GetUtcNow();
        connection.Execute("UPDATE jobs SET cancel_requested = 1 WHERE seq = $job", ("$job", row.Seq));
        if (row.Job.State == JobState.Running)
            JobEvents.Append(connection, row.Seq, now, JobEventKind.Message, "Cancellation was asked for.");
        else
            JobTransitions.End(connection, row, JobState.Cancelled, now);
        return JobRow.Get(connection, jobId).Job;
    });

    /// <summary>Events of a job behind a cursor, oldest first. Reading on from the last cursor gives every event exactly once.</summary>
    /// <param name="jobId">Job.</param>
    /// <param name="afterCursor">0 for the beginning.</param>
    /// <param name="limit">At most so many, from 1.</param>
    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    public IReadOnlyList<JobEvent> ReadEvents(string jobId, long afterCursor, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return _database.Read(connection =>
        {
            var job = connection.QueryNumberOrNull("SELECT seq FROM jobs WHERE id = $id", ("$id", jobId))
                ?? throw new StoreNotFoundException($"There is no job '{jobId}'.");
            return JobEvents.Read(connection, job, afterCursor, limit);
        });
    }

    private JobRecord Insert(SqliteConnection connection, FineTuneSpec spec, string? requestId)
    {
        var now = _time.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("n");
        var job = connection.QueryNumber(
            "INSERT INTO jobs (id, request_id, spec, state, create_time) VALUES ($id, $request, $spec, $state, $time) RETURNING seq",
            ("$id", id), ("$request", requestId), ("$spec", StoreJson.Write(spec)), ("$state", (int)JobState.Queued),
            ("$time", now.ToUnixTimeMilliseconds()));
        JobEvents.Append(connection, job, now, JobEventKind.State, nameof(JobState.Queued));
        return JobRow.Get(connection, id).Job;
    }
}
