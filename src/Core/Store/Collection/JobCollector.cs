using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Deletes what is left of jobs that ended long ago: checkpoints, and progress events. A state that is final never changes, so nobody
/// resumes from them.</summary>
internal sealed class JobCollector(Database database, string jobsFolder, TimeProvider time)
{
    // One transaction; 50,000 events of a job are 10 MB.
    private const int EventBatch = 10_000;

    /// <summary>Deletes the folders of jobs that are done, or only counts.</summary>
    public FileCount CollectCheckpoints(TimeSpan age, bool isDryRun)
    {
        var count = new FileCount();
        foreach (var id in database.Read(connection => Done(connection, age, "id")))
        {
            var folder = new DirectoryInfo(Path.Combine(jobsFolder, id));
            if (!folder.Exists)
                continue;
            var bytes = folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
            if (!isDryRun)
            {
                // The row first: it never names a file that is gone.
                database.Write(connection => connection.Execute("UPDATE jobs SET checkpoint = NULL WHERE id = $id", ("$id", id)));
                folder.Delete(recursive: true);
            }
            count += bytes;
        }
        return count;
    }

    /// <summary>Deletes the progress events of jobs that are done, or only counts. States, messages and plans stay.</summary>
    public long CollectEvents(TimeSpan age, bool isDryRun)
    {
        if (isDryRun)
        {
            return database.Read(connection => Done(connection, age, "seq").Sum(seq => connection.QueryNumber(
                "SELECT count(*) FROM job_events WHERE job = $job AND kind = $kind", ("$job", seq), ("$kind", (int)JobEventKind.Progress))));
        }
        var count = 0L;
        foreach (var seq in database.Read(connection => Done(connection, age, "seq")))
        {
            for (var deleted = EventBatch; deleted == EventBatch; count += deleted)
                deleted = database.Write(connection => DeleteEvents(connection, seq));
        }
        return count;
    }

    private static int DeleteEvents(SqliteConnection connection, string seq)
    {
        var deleted = connection.Execute(
            """
            DELETE FROM job_events WHERE cursor IN (
                SELECT cursor FROM job_events WHERE job = $job AND kind = $kind ORDER BY cursor LIMIT $most)
            """,
            ("$job", seq), ("$kind", (int)JobEventKind.Progress), ("$most", EventBatch));
        connection.Execute("UPDATE jobs SET progress_events = progress_events - $deleted WHERE seq = $job", ("$deleted", deleted), ("$job", seq));
        return deleted;
    }

    private List<string> Done(SqliteConnection connection, TimeSpan age, string column) => connection.Query(
        $"SELECT CAST({column} AS TEXT) FROM jobs WHERE state IN ($succeeded, $failed, $cancelled) AND promotion_due = 0 AND end_time < $old ORDER BY seq",
        row => row.GetString(0), ("$succeeded", (int)JobState.Succeeded), ("$failed", (int)JobState.Failed),
        ("$cancelled", (int)JobState.Cancelled), ("$old", (time.GetUtcNow() - age).ToUnixTimeMilliseconds()));
}
