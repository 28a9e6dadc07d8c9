using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>A row of the jobs table: the public record and what only the store needs.</summary>
internal sealed record JobRow(long Seq, JobRecord Job, string? WorkerId, string? RequestHash)
{
    private const string Select = """
        SELECT seq, id, spec, state, create_time, start_time, end_time, progress, plan, checkpoint, result_model, result_number,
               error_reason, error_message, attempt, cancel_requested, worker, lost_leases, pause_requested, heartbeat_time,
               comparison, promotion, promotion_due, request_hash
        FROM jobs
        """;

    public static JobRow? Find(SqliteConnection connection, string jobId)
        => connection.QueryFirst($"{Select} WHERE id = $id", Read, ("$id", jobId));

    public static JobRow? FindRequest(SqliteConnection connection, string requestId)
        => connection.QueryFirst($"{Select} WHERE request_id = $request", Read, ("$request", requestId));

    /// <exception cref="StoreNotFoundException">There is no such job.</exception>
    public static JobRow Get(SqliteConnection connection, string jobId)
        => Find(connection, jobId) ?? throw new StoreNotFoundException($"There is no job '{jobId}'.");

    public static List<JobRow> Newest(SqliteConnection connection, JobFilter filter, long before, int count)
    {
        var (condition, parameters) = filter.ToSql();
        return connection.Query($"{Select} WHERE seq < $before{condition} ORDER BY seq DESC LIMIT $count",
            Read, [("$before", before), ("$count", count), .. parameters]);
    }

    public static List<JobRow> ToPromote(SqliteConnection connection) => connection.Query(
        $"{Select} WHERE promotion_due = 1 ORDER BY end_time, seq", Read);

    public static JobRow? OldestQueued(SqliteConnection connection) => connection.QueryFirst(
        $"{Select} WHERE state = $queued ORDER BY seq LIMIT 1", Read, ("$queued", (int)JobState.Queued));

    public static List<JobRow> Expired(SqliteConnection connection, DateTimeOffset now) => connection.Query(
        $"{Select} WHERE state = $running AND lease_end <= $now ORDER BY seq",
        Read, ("$running", (int)JobState.Running), ("$now", now.ToUnixTimeMilliseconds()));

    public static List<JobRow> Running(SqliteConnection connection) => connection.Query(
        $"{Select} WHERE state = $running ORDER BY seq", Read, ("$running", (int)JobState.Running));

    public static List<JobRow> RunningBy(SqliteConnection connection, string workerId) => connection.Query(
        $"{Select} WHERE state = $running AND worker = $worker ORDER BY seq",
        Read, ("$running", (int)JobState.Running), ("$worker", workerId));

    private static JobRow Read(SqliteDataReader row)
    {
        var job = new JobRecord
        {
            Id = row.GetString(1),
            Spec = StoreJson.ReadSpec(row.GetString(2)),
            State = (JobState)row.GetInt32(3),
            CreateTime = row.Time(4),
            StartTime = row.TimeOrNull(5),
            EndTime = row.TimeOrNull(6),
            Progress = row.TextOrNull(7) is { } progress ? StoreJson.ReadProgress(progress) : null,
            PlanJson = row.TextOrNull(8),
            Checkpoint = row.TextOrNull(9),
            Result = row.TextOrNull(10) is { } model ? new ModelVersionId(model, row.GetInt32(11)) : null,
            Error = row.TextOrNull(12) is { } reason ? new JobError(reason, row.GetString(13)) : null,
            Attempt = row.GetInt32(14),
            CancelRequested = row.GetBoolean(15),
            LostLeases = row.GetInt32(17),
            PauseRequested = row.GetBoolean(18),
            HeartbeatTime = row.TimeOrNull(19),
            Comparison = row.TextOrNull(20) is { } comparison ? StoreJson.ReadComparison(comparison) : null,
            Promotion = row.TextOrNull(21) is { } promotion ? StoreJson.ReadPromotion(promotion) : null,
            IsPromotionDue = row.GetBoolean(22),
        };
        return new JobRow(row.GetInt64(0), job, row.TextOrNull(16), row.TextOrNull(23));
    }
}
