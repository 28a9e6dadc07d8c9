using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Fine-tuning jobs. This part: what submitters and readers call; the workers' part is in JobStore.Leases.cs.</summary>
public sealed partial class JobStore
{
    /// <summary>How often a trainer is to call <see cref="SayAlive"/>.</summary>
    public static readonly TimeSpan AliveInterval = TimeSpan.FromSeconds(5);

    private const int MaxRequestIdLength = 100;
    private const int MaxRunningShown = 20;

    // Three missed signs of life.
    private static readonly TimeSpan TrainerSilence = 3 * AliveInterval;

    private static readonly TimeSpan TrainerRetention = TimeSpan.FromDays(1);

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
    /// <param name="spec">What to do.</param>
    /// <param name="requestId">Chosen by the caller, at most 100 characters; null or empty turns idempotency off.</param>
    /// <param name="content">What the caller asked for, in a form that is equal for equal requests, whatever aliases mean meanwhile; null
    /// takes the specification.</param>
    /// <returns>The new job, or the one that the same request id and the same content made before.</returns>
    /// <exception cref="RequestIdConflictException">The request id was used with other content.</exception>
    /// <exception cref="StoreNotFoundException">There is no such data set or base (any more).</exception>
    /// <exception cref="ArgumentException">The model id, the alias or the request id is not valid.</exception>
    public JobRecord Submit(FineTuneSpec spec, string? requestId, string? content = null)
    {
        ResourceIds.CheckModelId(spec.ModelId);
        if (spec.PromotionAlias is { } alias)
            ResourceIds.CheckAlias(alias);
        if (requestId?.Length > MaxRequestIdLength)
        {
            throw new ArgumentException($"The request id has {requestId.Length} characters; "
                + $"at most {MaxRequestIdLength} are allowed.", nameof(requestId));
        }
        return _database.Write(connection =>
        {
            content ??= StoreJson.Write(spec);
            if (!string.IsNullOrEmpty(requestId) && FindRequest(connection, requestId, content) is { } earlier)
                return earlier;
            // In this transaction: what a waiting job starts from cannot be deleted.
            DatasetStore.Require(connection, spec.DatasetId);
            if (spec.Base is { } origin)
                ModelStore.RequireVersion(connection, origin);
            return string.IsNullOrEmpty(requestId) ? Insert(connection, spec, null, null) : Insert(connection, spec, requestId, Hash(content));
        });
    }

    /// <summary>The job that the same request id and the same content made before, or null.</summary>
    /// <param name="requestId">Not empty.</param>
    /// <param name="content">As for <see cref="Submit"/>.</param>
    /// <exception cref="RequestIdConflictException">The request id was used with other content.</exception>
    public JobRecord? FindRequest(string requestId, string content) =>
        _database.Read(connection => FindRequest(connection, requestId, content));

    /// <summary>A job as it stands, or null.</summary>
    public JobRecord? Find(string jobId) => _database.Read(connection => JobRow.Find(connection, jobId)?.Job);

    /// <summary>What a waiting job is waiting for.</summary>
    public JobQueue ReadQueue(string jobId) => _database.Read(connection =>
    {
        var before = connection.QueryNumber(
            "SELECT count(*) FROM jobs WHERE state = $queued AND seq < coalesce((SELECT seq FROM jobs WHERE id = $id), 0)",
            ("$queued", (int)JobState.Queued), ("$id", jobId));
        var running = connection.Query("SELECT id FROM jobs WHERE state = $running ORDER BY seq LIMIT $most",
            row => row.GetString(0), ("$running", (int)JobState.Running), ("$most", MaxRunningShown));
        // abs: after a clock was set back, a sign of life of the future proves nothing.
        var alive = connection.QueryNumber("SELECT count(*) FROM trainers WHERE abs($now - seen_time) <= $silence",
            ("$now", _time.GetUtcNow().ToUnixTimeMilliseconds()), ("$silence", (long)TrainerSilence.TotalMilliseconds));
        return new JobQueue((int)before, running, (int)alive);
    });

    /// <summary>Jobs, newest first.</summary>
    /// <param name="pageSize">0 means 50; more than 1000 counts as 1000.</param>
    /// <param name="pageToken">Of the previous page; null or empty for the first.</param>
    /// <param name="filter">Which jobs; null means all.</param>
    /// <exception cref="InvalidPageTokenException">The token is not of this listing, or of another filter's.</exception>
    public Page<JobRecord> List(int pageSize, string? pageToken, JobFilter? filter = null)
    {
        var size = Paging.Size(pageSize);
        var wanted = filter ?? JobFilter.All;
        var before = Paging.NumberKey(wanted.Listing, pageToken) ?? long.MaxValue;
        var page = _database.Read(connection =>
            Paging.Cut(wanted.Listing, JobRow.Newest(connection, wanted, before, size + 1), size, row => row.Seq));
        return new Page<JobRecord>(page.Items.Select(row => row.Job).ToList(), page.NextPageToken);
    }

    /// <summary>Asks a job to stop. One that nobody works on is Cancelled at once; a Running one hears of it within milliseconds (or is
    /// Cancelled when its worker is gone); one that is done stays as it is.</summary>
    /// <returns>The job afterwards.</returns>
    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    public JobRecord RequestCancel(string jobId) => _database.Write(connection =>
    {
        var row = JobRow.Get(connection, jobId);
        if (row.Job.IsDone || row.Job.CancelRequested)
            return row.Job;
        var now = _time.GetUtcNow();
        connection.Execute("UPDATE jobs SET cancel_requested = 1, pause_requested = 0 WHERE seq = $job", ("$job", row.Seq));
        if (row.Job.State == JobState.Running)
            JobEvents.Append(connection, row.Seq, now, JobEventKind.Message, "Cancellation was asked for.");
        else
            JobTransitions.End(connection, row, JobState.Cancelled, now);
        return JobRow.Get(connection, jobId).Job;
    });

    /// <summary>Asks a job to pause. One that nobody works on is Paused at once; a Running one hears of it within milliseconds. One that is
    /// Paused, or asked to pause, stays as it is.</summary>
    /// <returns>The job afterwards.</returns>
    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    /// <exception cref="JobStateException">The job is done (JOB_DONE), or about to be cancelled (JOB_CANCEL_REQUESTED).</exception>
    public JobRecord RequestPause(string jobId) => _database.Write(connection =>
    {
        var row = JobRow.Get(connection, jobId);
        RequireNotDone(row.Job, "paused");
        if (row.Job.CancelRequested)
        {
            throw new JobStateException("JOB_CANCEL_REQUESTED", jobId,
                $"Job {jobId} is being cancelled, which cannot be taken back, so it cannot be paused.");
        }
        if (row.Job.State == JobState.Paused || row.Job.PauseRequested)
            return row.Job;
        var now = _time.GetUtcNow();
        if (row.Job.State == JobState.Running)
        {
            connection.Execute("UPDATE jobs SET pause_requested = 1 WHERE seq = $job", ("$job", row.Seq));
            JobEvents.Append(connection, row.Seq, now, JobEventKind.Message, "A pause was asked for.");
        }
        else
        {
            JobTransitions.Wait(connection, row, JobState.Paused, now);
        }
        return JobRow.Get(connection, jobId).Job;
    });

    /// <summary>Queues a Paused job again, or takes back a pause that was asked for and has not happened yet.</summary>
    /// <returns>The job afterwards.</returns>
    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    /// <exception cref="JobStateException">The job is done (JOB_DONE), or neither paused nor asked to pause (JOB_NOT_PAUSED).</exception>
    public JobRecord RequestResume(string jobId) => _database.Write(connection =>
    {
        var row = JobRow.Get(connection, jobId);
        RequireNotDone(row.Job, "resumed");
        var now = _time.GetUtcNow();
        if (row.Job.State == JobState.Paused)
        {
            // Somebody has looked at it: what its trainers died of before does not count any more.
            connection.Execute("UPDATE jobs SET lost_leases = 0 WHERE seq = $job", ("$job", row.Seq));
            JobTransitions.Wait(connection, row, JobState.Queued, now);
        }
        else if (row.Job.PauseRequested)
        {
            connection.Execute("UPDATE jobs SET pause_requested = 0 WHERE seq = $job", ("$job", row.Seq));
            JobEvents.Append(connection, row.Seq, now, JobEventKind.Message, "The pause was taken back.");
        }
        else
        {
            throw new JobStateException("JOB_NOT_PAUSED", jobId,
                $"Job {jobId} is {row.Job.State}; only a paused job, or one that was asked to pause, can be resumed.");
        }
        return JobRow.Get(connection, jobId).Job;
    });

    /// <summary>Deletes a job that is done, and its events. Its folder is the caller's to delete afterwards
    /// (<see cref="Workspace.DeleteJob"/> does both); its version stays.</summary>
    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    /// <exception cref="JobStateException">The job is not done, or its promotion is not decided yet (JOB_NOT_DONE).</exception>
    internal void Delete(string jobId) => _database.Write(connection =>
    {
        var row = JobRow.Get(connection, jobId);
        if (!row.Job.IsDone)
        {
            throw new JobStateException("JOB_NOT_DONE", jobId,
                $"Job {jobId} is {row.Job.State}; only a job that is done can be deleted. Cancel it first.");
        }
        if (row.Job.IsPromotionDue)
            throw new JobStateException("JOB_NOT_DONE", jobId, $"The promotion of job {jobId} is not decided yet. Try again in a moment.");
        connection.Execute("DELETE FROM job_events WHERE job = $job", ("$job", row.Seq));
        return connection.Execute("DELETE FROM jobs WHERE seq = $job", ("$job", row.Seq));
    });

    /// <summary>Which of these jobs exist.</summary>
    internal IReadOnlyList<string> Existing(IReadOnlyList<string> jobIds) => _database.Read(connection => jobIds.Where(id =>
        connection.QueryNumber("SELECT count(*) FROM jobs WHERE id = $id", ("$id", id)) > 0).ToList());

    /// <summary>Jobs that succeeded and whose promotion is not decided yet, in the order in which they ended.</summary>
    public IReadOnlyList<JobRecord> ListToPromote() =>
        _database.Read(connection => JobRow.ToPromote(connection).Select(row => row.Job).ToList());

    /// <summary>Decides the promotion of a job, once: moves the alias if it names what was expected, and notes the outcome, in one
    /// transaction.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="expected">What the alias must name for it to move; null does not move it.</param>
    /// <param name="describe">The outcome: given whether the alias moved, and the version that it named before (null if none).</param>
    /// <returns>The outcome; that of whoever was first, if somebody was.</returns>
    /// <exception cref="StoreNotFoundException">There is no such job, or its version is gone.</exception>
    public JobPromotion Promote(string jobId, OptionalExpected? expected, Func<bool, ModelVersionId?, JobPromotion> describe) =>
        _database.Write(connection =>
        {
            var row = JobRow.Get(connection, jobId);
            if (row.Job.Promotion is { } decided)
                return decided;
            if (!row.Job.IsPromotionDue || row.Job.Result is not { } version)
                throw new InvalidOperationException($"Job {jobId} has no promotion to decide.");
            var alias = row.Job.Spec.PromotionAlias ?? FineTuneSpec.DefaultPromotionAlias;
            var current = ModelStore.FindAlias(connection, version.ModelId, alias)?.Number;
            var moves = expected is { } allowed && allowed.Allows(current) && ModelStore.FindVersion(connection, version) is not null;
            if (moves)
                ModelStore.Point(connection, version.ModelId, alias, version.Number);
            var outcome = describe(moves, current is { } number ? new ModelVersionId(version.ModelId, number) : null);
            connection.Execute("UPDATE jobs SET promotion = $promotion, promotion_due = 0 WHERE seq = $job",
                ("$promotion", StoreJson.Write(outcome)), ("$job", row.Seq));
            JobEvents.Append(connection, row.Seq, _time.GetUtcNow(), JobEventKind.Message, outcome.Reason);
            return outcome;
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

    private static void RequireNotDone(JobRecord job, string what)
    {
        if (job.IsDone)
            throw new JobStateException("JOB_DONE", job.Id, $"Job {job.Id} is done ({job.State}), so it cannot be {what}.");
    }

    private static JobRecord? FindRequest(SqliteConnection connection, string requestId, string content)
    {
        if (JobRow.FindRequest(connection, requestId) is not { } earlier)
            return null;
        // Rows of before content was hashed: the specification is what they have.
        if ((earlier.RequestHash ?? Hash(StoreJson.Write(earlier.Job.Spec))) == Hash(content))
            return earlier.Job;
        throw new RequestIdConflictException(requestId, $"Request id '{requestId}' was used for job {earlier.Job.Id} with other content. "
            + "Use a new id for a new request; repeat the same content to get that job.");
    }

    private static string Hash(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    private JobRecord Insert(SqliteConnection connection, FineTuneSpec spec, string? requestId, string? requestHash)
    {
        var now = _time.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("n");
        var job = connection.QueryNumber(
            """
            INSERT INTO jobs (id, request_id, request_hash, spec, state, create_time)
            VALUES ($id, $request, $hash, $spec, $state, $time) RETURNING seq
            """,
            ("$id", id), ("$request", requestId), ("$hash", requestHash), ("$spec", StoreJson.Write(spec)), ("$state", (int)JobState.Queued),
            ("$time", now.ToUnixTimeMilliseconds()));
        JobEvents.Append(connection, job, now, JobEventKind.State, nameof(JobState.Queued));
        return JobRow.Get(connection, id).Job;
    }
}
