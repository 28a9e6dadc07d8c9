using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>The append-only log of what happened to jobs. The cursor is one number line over all jobs and never reused.</summary>
internal static class JobEvents
{
    public const int MaxMessageLength = 4000;

    /// <summary>Appends an event within the caller's transaction.</summary>
    public static void Append(SqliteConnection connection, long job, DateTimeOffset time, JobEventKind kind, string payload)
        => connection.Execute(
            "INSERT INTO job_events (job, time, kind, payload) VALUES ($job, $time, $kind, $payload)",
            ("$job", job), ("$time", time.ToUnixTimeMilliseconds()), ("$kind", (int)kind), ("$payload", payload));

    /// <summary>Appends a progress event; beyond the limit the oldest one of the job goes.</summary>
    public static void AppendProgress(SqliteConnection connection, long job, JobProgress progress, DateTimeOffset now, int maxEvents)
    {
        Append(connection, job, now, JobEventKind.Progress, StoreJson.Write(progress));
        var count = connection.QueryNumber(
            "UPDATE jobs SET progress_events = progress_events + 1 WHERE seq = $job RETURNING progress_events", ("$job", job));
        if (count <= maxEvents)
            return;
        connection.Execute(
            "DELETE FROM job_events WHERE cursor = (SELECT min(cursor) FROM job_events WHERE job = $job AND kind = $kind)",
            ("$job", job), ("$kind", (int)JobEventKind.Progress));
        connection.Execute("UPDATE jobs SET progress_events = progress_events - 1 WHERE seq = $job", ("$job", job));
    }

    /// <summary>Events of a job behind a cursor, oldest first.</summary>
    public static List<JobEvent> Read(SqliteConnection connection, long job, long afterCursor, int limit) => connection.Query(
        "SELECT cursor, time, kind, payload FROM job_events WHERE job = $job AND cursor > $after ORDER BY cursor LIMIT $limit",
        row => new JobEvent(row.GetInt64(0), row.Time(1), (JobEventKind)row.GetInt32(2), row.GetString(3)),
        ("$job", job), ("$after", afterCursor), ("$limit", limit));
}
