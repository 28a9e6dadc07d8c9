using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>What workers and their supervisor call. A lease is fenced by its attempt number: once the job was taken back, every call
/// under the old lease fails with <see cref="LeaseLostException"/> and changes nothing.</summary>
public sealed partial class JobStore
{
    /// <summary>Takes the oldest job that waits, one whose worker went silent included.</summary>
    /// <param name="workerId">Who takes it; not empty.</param>
    /// <param name="duration">How long the lease lasts without a heartbeat, at least 1 ms.</param>
    /// <returns>The lease, or null if nothing waits.</returns>
    public JobLease? TryLease(string workerId, TimeSpan duration)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(workerId);
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.FromMilliseconds(1));
        return _database.Write(connection =>
        {
            var now = _time.GetUtcNow();
            TakeBackExpired(connection, now);
            if (JobRow.OldestQueued(connection) is not { } row)
                return null;
            JobTransitions.Start(connection, row, workerId, duration, now);
            return new JobLease(row.Job.Id, row.Job.Attempt + 1, workerId, duration);
        });
    }

    /// <summary>Extends the lease by its duration from now and stores progress.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="progress">Becomes the job's progress and an event; null only extends the lease.</param>
    /// <returns>What somebody asked of the job: then its work is to stop.</returns>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    public StopRequest Heartbeat(JobLease lease, JobProgress? progress) => _database.Write(connection =>
    {
        var now = _time.GetUtcNow();
        var row = Require(connection, lease);
        connection.Execute("UPDATE jobs SET lease_end = $end, heartbeat_time = $now WHERE seq = $job",
            ("$end", (now + lease.Duration).ToUnixTimeMilliseconds()), ("$now", now.ToUnixTimeMilliseconds()), ("$job", row.Seq));
        if (progress is not null)
        {
            // A new step shows that the job does not kill its workers: earlier losses are forgotten.
            connection.Execute(
                """
                UPDATE jobs SET progress = $progress, lost_leases = iif($step > best_step, 0, lost_leases),
                    best_step = max($step, best_step)
                WHERE seq = $job
                """,
                ("$progress", StoreJson.Write(progress)), ("$step", progress.Step), ("$job", row.Seq));
            JobEvents.AppendProgress(connection, row.Seq, progress, now, _options.MaxProgressEvents);
        }
        return Request(row);
    });

    /// <summary>What somebody asks of a job, without the write of a <see cref="Heartbeat"/>.</summary>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    public StopRequest ReadRequest(JobLease lease) => _database.Read(connection => Request(Require(connection, lease)));

    /// <summary>Checks that a lease is the current one. Whoever is to write a file asks before: a row can be fenced, a file cannot.</summary>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    public void RequireLease(JobLease lease) => _database.Read(connection => Require(connection, lease));

    /// <summary>Appends a line for people. More than 4000 characters are cut.</summary>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    public void AppendMessage(JobLease lease, string text) => Change(lease, (connection, row, now) => JobEvents.Append(
        connection, row.Seq, now, JobEventKind.Message,
        text.Length <= JobEvents.MaxMessageLength ? text : text[..JobEvents.MaxMessageLength] + "..."));

    /// <summary>Stores the resolved plan and appends it as an event, unless it is there already (a resumed job).</summary>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    public void SetPlan(JobLease lease, string planJson) => Change(lease, (connection, row, now) =>
    {
        if (row.Job.PlanJson == planJson)
            return;
        connection.Execute("UPDATE jobs SET plan = $plan WHERE seq = $job", ("$plan", planJson), ("$job", row.Seq));
        JobEvents.Append(connection, row.Seq, now, JobEventKind.Plan, planJson);
    });

    /// <summary>Names the newest whole checkpoint, from which the next attempt resumes.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="path">Relative to the job's folder; in the attempt's own folder, and durable already.</param>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    public void SetCheckpoint(JobLease lease, string path)
    {
        if (path.Length == 0 || Path.IsPathRooted(path) || path.Split('/', '\\').Contains(".."))
            throw new ArgumentException($"Checkpoint path '{path}' must be relative and stay within the job's folder.", nameof(path));
        Change(lease, (connection, row, _) =>
            connection.Execute("UPDATE jobs SET checkpoint = $path WHERE seq = $job", ("$path", path), ("$job", row.Seq)));
    }

    /// <summary>Hands the job back, because the worker shuts down or somebody asked for it: to Cancelled or Paused if that was asked for
    /// (and not taken back meanwhile), else to Queued.</summary>
    /// <returns>The state that the job has now.</returns>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    public JobState Release(JobLease lease) => _database.Write(connection =>
    {
        var row = Require(connection, lease);
        JobTransitions.TakeBack(connection, row, _time.GetUtcNow());
        return JobRow.Get(connection, lease.JobId).Job.State;
    });

    /// <summary>Ends the job as Failed.</summary>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    public void Fail(JobLease lease, JobError error)
        => Change(lease, (connection, row, now) => JobTransitions.Fail(connection, row, error, now));

    /// <summary>Ends the job as Cancelled.</summary>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    public void Cancel(JobLease lease)
        => Change(lease, (connection, row, now) => JobTransitions.End(connection, row, JobState.Cancelled, now));

    /// <summary>In one step adds the next version of the job's model (and the model, if new) and ends the job as Succeeded, also if a pause was
    /// asked for meanwhile: nothing is left to be paused. Calling it again under the same lease returns the same version.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="manifest">Its files are stored already. Job and data set are filled in where they are null.</param>
    /// <param name="comparison">The version against the one behind the alias; only for jobs that are promoted if better.</param>
    /// <exception cref="LeaseLostException">The lease is no longer current.</exception>
    /// <exception cref="JobCancelRequestedException">Cancellation was asked for: whoever asked wants no version, and none that takes over an
    /// alias. Nothing was changed.</exception>
    /// <exception cref="BlobNotFoundException">A file of the manifest is not in the store.</exception>
    /// <exception cref="ArgumentException">The manifest is not valid, or names another job or data set.</exception>
    public ModelVersionRecord Publish(JobLease lease, ModelManifest manifest, JobComparison? comparison = null)
    {
        ModelStore.CheckManifest(manifest);
        return _database.Write(connection =>
        {
            var found = JobRow.Find(connection, lease.JobId);
            if (found?.Job is { State: JobState.Succeeded, Result: { } result } && found.Job.Attempt == lease.Attempt
                && ModelStore.FindVersion(connection, result) is { } published)
                return published;
            var row = Require(connection, lease);
            if (row.Job.CancelRequested)
                throw new JobCancelRequestedException(row.Job.Id);
            var whole = manifest with { JobId = manifest.JobId ?? row.Job.Id, DatasetId = manifest.DatasetId ?? row.Job.Spec.DatasetId };
            if (whole.JobId != row.Job.Id || whole.DatasetId != row.Job.Spec.DatasetId)
            {
                throw new ArgumentException($"The manifest names job {whole.JobId} and data set {whole.DatasetId}; the lease is for "
                    + $"job {row.Job.Id} with data set {row.Job.Spec.DatasetId}.", nameof(manifest));
            }
            var version = _models.AddVersion(connection, row.Job.Spec.ModelId, whole);
            JobTransitions.Succeed(connection, row, version.Id, comparison, _time.GetUtcNow());
            return version;
        });
    }

    /// <summary>Takes back the jobs whose leases ran out: to Queued, to Cancelled or Paused if that was asked for, or to Failed after too many
    /// lost workers. <see cref="TryLease"/> does so too.</summary>
    /// <returns>How many were taken back.</returns>
    public int RequeueExpired() => _database.Write(connection => TakeBackExpired(connection, _time.GetUtcNow()));

    /// <summary>Takes back what a worker holds, without waiting for its leases to run out. Only for a worker
    /// that is known to be dead.</summary>
    /// <param name="workerId">The worker.</param>
    /// <param name="end">How it ended; becomes an event of its jobs, and part of the error of a job that fails by it.</param>
    /// <returns>How many were taken back.</returns>
    public int RequeueWorker(string workerId, WorkerEnd? end = null) => _database.Write(connection =>
    {
        connection.Execute("DELETE FROM trainers WHERE id = $id", ("$id", workerId));
        return TakeBackLost(connection, JobRow.RunningBy(connection, workerId), end ?? new WorkerEnd("ended."), _time.GetUtcNow());
    });

    /// <summary>Takes back every job that runs, as if its worker had handed it back.</summary>
    internal void TakeBackAll() => _database.Write(connection =>
    {
        foreach (var row in JobRow.Running(connection))
            JobTransitions.TakeBack(connection, row, _time.GetUtcNow());
        return true;
    });

    /// <summary>A trainer says that it is there, with work or without.</summary>
    public void SayAlive(string workerId) => _database.Write(connection =>
    {
        var now = _time.GetUtcNow();
        connection.Execute("INSERT INTO trainers (id, seen_time) VALUES ($id, $now) ON CONFLICT DO UPDATE SET seen_time = $now",
            ("$id", workerId), ("$now", now.ToUnixTimeMilliseconds()));
        return connection.Execute("DELETE FROM trainers WHERE abs(seen_time - $now) > $age",
            ("$now", now.ToUnixTimeMilliseconds()), ("$age", (long)TrainerRetention.TotalMilliseconds));
    });

    /// <summary>A trainer that stops is not waited for.</summary>
    public void SayGone(string workerId) => _database.Write(connection =>
        connection.Execute("DELETE FROM trainers WHERE id = $id", ("$id", workerId)));

    private int TakeBackExpired(SqliteConnection connection, DateTimeOffset now)
    {
        JobTransitions.CutLeases(connection, now);
        return TakeBackLost(connection, JobRow.Expired(connection, now), null, now);
    }

    private int TakeBackLost(SqliteConnection connection, List<JobRow> rows, WorkerEnd? end, DateTimeOffset now)
    {
        foreach (var row in rows)
            JobTransitions.TakeBackLost(connection, row, end, _options.MaxLostLeases, now);
        return rows.Count;
    }

    private void Change(JobLease lease, Action<SqliteConnection, JobRow, DateTimeOffset> change) => _database.Write(connection =>
    {
        change(connection, Require(connection, lease), _time.GetUtcNow());
        return true;
    });

    private static StopRequest Request(JobRow row) =>
        row.Job.CancelRequested ? StopRequest.Cancel : row.Job.PauseRequested ? StopRequest.Pause : StopRequest.None;

    /// <summary>The job's row, if the lease is the current one.</summary>
    private static JobRow Require(SqliteConnection connection, JobLease lease)
    {
        // A worker that slept past its lease may find the job ended and deleted.
        var row = JobRow.Find(connection, lease.JobId)
            ?? throw new LeaseLostException(lease, $"Worker '{lease.WorkerId}' no longer holds job {lease.JobId}: it was deleted. Stop working on it.");
        if (row.Job.State == JobState.Running && row.Job.Attempt == lease.Attempt)
            return row;
        throw new LeaseLostException(lease,
            $"Worker '{lease.WorkerId}' no longer holds job {lease.JobId}: its lease was attempt {lease.Attempt}; "
            + $"the job is {row.Job.State} in attempt {row.Job.Attempt}. Stop working on it.");
    }
}
