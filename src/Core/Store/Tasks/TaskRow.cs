using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>A row of the tasks table.</summary>
internal sealed record TaskRow(long Seq, TrainerTask Task)
{
    private const string Select =
        "SELECT seq, id, kind, request, state, attempt, result, error_reason, error_message FROM tasks";

    public static TaskRow? Find(SqliteConnection connection, string id) =>
        connection.QueryFirst($"{Select} WHERE id = $id", Read, ("$id", id));

    public static TaskRow? OldestQueued(SqliteConnection connection) => connection.QueryFirst(
        $"{Select} WHERE state = $queued ORDER BY seq LIMIT 1", Read, ("$queued", (int)JobState.Queued));

    public static List<TaskRow> Expired(SqliteConnection connection, DateTimeOffset now) => connection.Query(
        $"{Select} WHERE state = $running AND lease_end <= $now ORDER BY seq",
        Read, ("$running", (int)JobState.Running), ("$now", now.ToUnixTimeMilliseconds()));

    public static List<TaskRow> RunningBy(SqliteConnection connection, string workerId) => connection.Query(
        $"{Select} WHERE state = $running AND worker = $worker ORDER BY seq",
        Read, ("$running", (int)JobState.Running), ("$worker", workerId));

    private static TaskRow Read(SqliteDataReader row) => new(row.GetInt64(0), new TrainerTask(
        row.GetString(1), (TaskKind)row.GetInt32(2), row.GetString(3), (JobState)row.GetInt32(4), row.GetInt32(5), row.TextOrNull(6),
        row.TextOrNull(7) is { } reason ? new JobError(reason, row.GetString(8)) : null));
}
