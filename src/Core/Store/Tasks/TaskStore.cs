using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Tasks: a queue between callers who wait and trainers. Unlike a job, a task lives only as long as somebody awaits it: a caller
/// renews its interest, and what nobody awaits any more is dropped.</summary>
public sealed class TaskStore
{
    /// <summary>A task is tried so often before a trainer's death counts as its fault.</summary>
    private const int MaxAttempts = 2;

    // Long after every caller has read the result or has left.
    private static readonly TimeSpan Retention = TimeSpan.FromHours(1);

    private readonly Database _database;
    private readonly ModelStore _models;
    private readonly TimeProvider _time;

    internal TaskStore(Database database, ModelStore models, TimeProvider time)
    {
        _database = database;
        _models = models;
        _time = time;
    }

    /// <summary>Queues a task.</summary>
    /// <param name="kind">What is to be done.</param>
    /// <param name="request">The kind's request as JSON.</param>
    /// <param name="awaited">How long the task stays without <see cref="Await"/>.</param>
    public TrainerTask Submit(TaskKind kind, string request, TimeSpan awaited)
    {
        var id = Guid.NewGuid().ToString("N");
        var now = _time.GetUtcNow();
        return _database.Write(connection =>
        {
            connection.Execute(
                """
                INSERT INTO tasks (id, kind, request, state, create_time, awaited_until)
                VALUES ($id, $kind, $request, $state, $now, $until)
                """,
                ("$id", id), ("$kind", (int)kind), ("$request", request), ("$state", (int)JobState.Queued),
                ("$now", now.ToUnixTimeMilliseconds()), ("$until", (now + awaited).ToUnixTimeMilliseconds()));
            return TaskRow.Find(connection, id)!.Task;
        });
    }

    /// <summary>A task, or null: it was dropped because nobody awaited it.</summary>
    public TrainerTask? Find(string id) => _database.Read(connection => TaskRow.Find(connection, id)?.Task);

    /// <summary>True while a trainer works on any task.</summary>
    public bool IsAnyRunning() => _database.Read(connection =>
        connection.QueryNumber("SELECT count(*) FROM tasks WHERE state = $running", ("$running", (int)JobState.Running)) > 0);

    /// <summary>Says that somebody still waits.</summary>
    /// <returns>False if the task was dropped.</returns>
    public bool Await(string id, TimeSpan awaited) => _database.Write(connection => connection.Execute(
        "UPDATE tasks SET awaited_until = $until WHERE id = $id",
        ("$until", (_time.GetUtcNow() + awaited).ToUnixTimeMilliseconds()), ("$id", id)) == 1);

    /// <summary>Says that nobody waits any more: the task is dropped; a trainer that works on it learns so by its next heartbeat.</summary>
    public void Abandon(string id) => _database.Write(connection => connection.Execute("DELETE FROM tasks WHERE id = $id", ("$id", id)));

    /// <summary>Takes the oldest waiting task; null if there is none. Takes back what lost its trainer first.</summary>
    /// <param name="workerId">Who asks.</param>
    /// <param name="duration">How long the lease lasts without a heartbeat.</param>
    public TaskLease? TryLease(string workerId, TimeSpan duration)
    {
        // An idle trainer asks several times a second; it must not write as often.
        if (_database.Read(connection => connection.QueryNumber("SELECT count(*) FROM tasks WHERE state IN ($queued, $running)",
                ("$queued", (int)JobState.Queued), ("$running", (int)JobState.Running))) == 0)
            return null;
        return _database.Write(connection =>
        {
            var now = _time.GetUtcNow();
            CutLeases(connection, now, duration);
            TakeBack(connection, TaskRow.Expired(connection, now), now);
            connection.Execute("DELETE FROM tasks WHERE (state = $queued AND awaited_until <= $now) OR end_time < $old",
                ("$queued", (int)JobState.Queued), ("$now", now.ToUnixTimeMilliseconds()),
                ("$old", (now - Retention).ToUnixTimeMilliseconds()));
            if (TaskRow.OldestQueued(connection) is not { } row)
                return null;
            connection.Execute(
                "UPDATE tasks SET state = $state, attempt = attempt + 1, worker = $worker, lease_end = $end WHERE seq = $seq",
                ("$state", (int)JobState.Running), ("$worker", workerId), ("$end", (now + duration).ToUnixTimeMilliseconds()),
                ("$seq", row.Seq));
            var task = TaskRow.Find(connection, row.Task.Id)!.Task;
            return new TaskLease(task, task.Attempt, workerId, duration);
        });
    }

    /// <summary>Renews a lease.</summary>
    /// <returns>True if the work is to stop: nobody awaits it, or another trainer has it.</returns>
    public bool Heartbeat(TaskLease lease) => _database.Write(connection =>
    {
        var now = _time.GetUtcNow();
        return connection.Execute(
            """
            UPDATE tasks SET lease_end = $end
            WHERE id = $id AND state = $running AND attempt = $attempt AND awaited_until > $now
            """,
            ("$end", (now + lease.Duration).ToUnixTimeMilliseconds()), ("$id", lease.Task.Id), ("$running", (int)JobState.Running),
            ("$attempt", lease.Attempt), ("$now", now.ToUnixTimeMilliseconds())) == 0;
    });

    /// <summary>Ends a task with its result.</summary>
    /// <exception cref="TaskLostException">The lease is not the current one, or nobody awaits the task any more.</exception>
    public void Succeed(TaskLease lease, string result) => _database.Write(connection =>
    {
        Succeed(connection, Require(connection, lease), result);
        return true;
    });

    /// <summary>Ends a task by adding a version, in one transaction; its name (<see cref="ModelVersionId.ToString"/>) is the result.</summary>
    /// <exception cref="TaskLostException">The lease is not the current one, or nobody awaits the task any more.</exception>
    /// <exception cref="BlobNotFoundException">A file of the manifest is not in the store.</exception>
    /// <exception cref="ArgumentException">The model id or the manifest is not valid.</exception>
    public ModelVersionRecord Publish(TaskLease lease, string modelId, ModelManifest manifest)
    {
        ResourceIds.CheckModelId(modelId);
        ModelStore.CheckManifest(manifest);
        return _database.Write(connection =>
        {
            var row = Require(connection, lease);
            var version = _models.AddVersion(connection, modelId, manifest);
            Succeed(connection, row, version.Id.ToString());
            return version;
        });
    }

    /// <summary>Ends a task that cannot be done.</summary>
    /// <exception cref="TaskLostException">The lease is not the current one, or nobody awaits the task any more.</exception>
    public void Fail(TaskLease lease, JobError error) => _database.Write(connection =>
    {
        Fail(connection, Require(connection, lease), error, _time.GetUtcNow());
        return true;
    });

    /// <summary>Hands a task back unfinished, because the trainer stops. Does nothing if the lease is not the current one.</summary>
    public void Release(TaskLease lease) => _database.Write(connection => connection.Execute(
        """
        UPDATE tasks SET state = $queued, worker = NULL, lease_end = NULL, attempt = attempt - 1
        WHERE id = $id AND state = $running AND attempt = $attempt
        """,
        ("$queued", (int)JobState.Queued), ("$id", lease.Task.Id), ("$running", (int)JobState.Running), ("$attempt", lease.Attempt)));

    /// <summary>Takes back what a trainer holds that is known to be dead.</summary>
    /// <returns>How many were taken back.</returns>
    public int RequeueWorker(string workerId) => _database.Write(connection =>
    {
        var rows = TaskRow.RunningBy(connection, workerId);
        TakeBack(connection, rows, _time.GetUtcNow());
        return rows.Count;
    });

    private static void TakeBack(SqliteConnection connection, List<TaskRow> rows, DateTimeOffset now)
    {
        foreach (var row in rows)
        {
            if (row.Task.Attempt >= MaxAttempts)
            {
                Fail(connection, row, new JobError(JobTransitions.WorkerLost,
                    $"The trainer died or went silent {row.Task.Attempt} times over this work. Look at its log; it may have run out of memory."), now);
                continue;
            }
            connection.Execute("UPDATE tasks SET state = $queued, worker = NULL, lease_end = NULL WHERE seq = $seq",
                ("$queued", (int)JobState.Queued), ("$seq", row.Seq));
        }
    }

    private void Succeed(SqliteConnection connection, TaskRow row, string result) => connection.Execute(
        "UPDATE tasks SET state = $state, result = $result, end_time = $now, worker = NULL, lease_end = NULL WHERE seq = $seq",
        ("$state", (int)JobState.Succeeded), ("$result", result), ("$now", _time.GetUtcNow().ToUnixTimeMilliseconds()), ("$seq", row.Seq));

    private static void Fail(SqliteConnection connection, TaskRow row, JobError error, DateTimeOffset now) => connection.Execute(
        """
        UPDATE tasks SET state = $state, error_reason = $reason, error_message = $message, end_time = $now, worker = NULL, lease_end = NULL
        WHERE seq = $seq
        """,
        ("$state", (int)JobState.Failed), ("$reason", error.Reason), ("$message", error.Message),
        ("$now", now.ToUnixTimeMilliseconds()), ("$seq", row.Seq));

    // As for jobs: only a clock that was set back makes a lease longer than its duration.
    private static void CutLeases(SqliteConnection connection, DateTimeOffset now, TimeSpan duration)
    {
        var latest = (now + duration).ToUnixTimeMilliseconds();
        connection.Execute("UPDATE tasks SET lease_end = $latest WHERE state = $running AND lease_end > $latest",
            ("$latest", latest), ("$running", (int)JobState.Running));
    }

    private static TaskRow Require(SqliteConnection connection, TaskLease lease)
    {
        if (TaskRow.Find(connection, lease.Task.Id) is { } row && row.Task.State == JobState.Running && row.Task.Attempt == lease.Attempt)
            return row;
        throw new TaskLostException($"Worker '{lease.WorkerId}' no longer holds task {lease.Task.Id} (attempt {lease.Attempt}): "
            + "nobody awaits it any more, or another trainer took it.");
    }
}
