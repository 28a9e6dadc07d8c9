using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>The state machine of jobs: every change of state and its event, within the caller's transaction.</summary>
internal static class JobTransitions
{
    public const string WorkerLost = "WORKER_LOST";

    public static void Start(SqliteConnection connection, JobRow row, string workerId, TimeSpan duration, DateTimeOffset now)
    {
        connection.Execute(
            """
            UPDATE jobs SET state = $state, attempt = attempt + 1, worker = $worker, lease_duration = $duration, lease_end = $end,
                heartbeat_time = $now, start_time = coalesce(start_time, max($now, create_time)) WHERE seq = $job
            """,
            ("$state", (int)JobState.Running), ("$worker", workerId), ("$duration", (long)duration.TotalMilliseconds),
            ("$end", (now + duration).ToUnixTimeMilliseconds()), ("$now", now.ToUnixTimeMilliseconds()), ("$job", row.Seq));
        JobEvents.Append(connection, row.Seq, now, JobEventKind.State, nameof(JobState.Running));
    }

    /// <summary>Takes a job back from its worker: to Queued, or to Cancelled or Paused if that was asked for.</summary>
    public static void TakeBack(SqliteConnection connection, JobRow row, DateTimeOffset now)
    {
        if (row.Job.CancelRequested)
        {
            End(connection, row, JobState.Cancelled, now);
            return;
        }
        Wait(connection, row, row.Job.PauseRequested ? JobState.Paused : JobState.Queued, now);
    }

    /// <summary>To a state in which nobody works on the job: Queued or Paused.</summary>
    public static void Wait(SqliteConnection connection, JobRow row, JobState state, DateTimeOffset now)
    {
        connection.Execute(
            "UPDATE jobs SET state = $state, pause_requested = 0, worker = NULL, lease_duration = NULL, lease_end = NULL WHERE seq = $job",
            ("$state", (int)state), ("$job", row.Seq));
        JobEvents.Append(connection, row.Seq, now, JobEventKind.State, state.ToString());
    }

    /// <summary>As <see cref="TakeBack"/> for a worker that died or went silent. After too many without any new step in between the
    /// job fails with what is known of them: it probably is what kills them.</summary>
    /// <param name="connection">Within the caller's transaction.</param>
    /// <param name="row">The job.</param>
    /// <param name="end">How the worker ended; null if it went silent.</param>
    /// <param name="maxLostLeases">How many may be lost.</param>
    /// <param name="now">The time of the events.</param>
    public static void TakeBackLost(SqliteConnection connection, JobRow row, WorkerEnd? end, int maxLostLeases, DateTimeOffset now)
    {
        if (end is { WasStopped: true })
        {
            JobEvents.Append(connection, row.Seq, now, JobEventKind.Message, $"Trainer '{row.WorkerId}' was stopped in attempt {row.Job.Attempt}: it {end.Evidence}");
            TakeBack(connection, row, now);
            return;
        }
        var lost = row.Job.LostLeases + 1;
        var evidence = $"it {end?.Evidence ?? Silence(row.Job, now)}";
        connection.Execute("UPDATE jobs SET lost_leases = $lost WHERE seq = $job", ("$lost", lost), ("$job", row.Seq));
        JobEvents.Append(connection, row.Seq, now, JobEventKind.Message,
            $"Trainer '{row.WorkerId}' was lost in attempt {row.Job.Attempt} ({lost} of {maxLostLeases} without a new step): {evidence}");
        if (lost < maxLostLeases || row.Job.CancelRequested || row.Job.PauseRequested)
        {
            TakeBack(connection, row, now);
            return;
        }
        Fail(connection, row, new JobError(WorkerLost, $"{lost} trainers in a row died or went silent without completing a new step{Where(row.Job)}. "
            + "A smaller micro_batch_size or crop helps where memory ran out; then submit the job again. "
            + $"What is known of the others is in the events of the job; of the last one: {evidence}"), now);
    }

    public static void Fail(SqliteConnection connection, JobRow row, JobError error, DateTimeOffset now)
    {
        connection.Execute("UPDATE jobs SET error_reason = $reason, error_message = $message WHERE seq = $job",
            ("$reason", error.Reason), ("$message", error.Message), ("$job", row.Seq));
        End(connection, row, JobState.Failed, now);
    }

    public static void Succeed(
        SqliteConnection connection, JobRow row, ModelVersionId result, JobComparison? comparison, DateTimeOffset now)
    {
        connection.Execute(
            """
            UPDATE jobs SET result_model = $model, result_number = $number, comparison = $comparison, promotion_due = $due WHERE seq = $job
            """,
            ("$model", result.ModelId), ("$number", result.Number), ("$comparison", comparison is null ? null : StoreJson.Write(comparison)),
            ("$due", row.Job.Spec.Promotion == PromotionRule.None ? 0 : 1), ("$job", row.Seq));
        End(connection, row, JobState.Succeeded, now);
    }

    public static void End(SqliteConnection connection, JobRow row, JobState state, DateTimeOffset now)
    {
        // max: a clock that was set back must not make a job end before it began.
        connection.Execute(
            """
            UPDATE jobs SET state = $state, end_time = max($now, create_time, coalesce(start_time, 0)), pause_requested = 0, worker = NULL,
                lease_duration = NULL, lease_end = NULL WHERE seq = $job
            """,
            ("$state", (int)state), ("$now", now.ToUnixTimeMilliseconds()), ("$job", row.Seq));
        JobEvents.Append(connection, row.Seq, now, JobEventKind.State, state.ToString());
    }

    /// <summary>Cuts leases to one duration from now. Only a clock that was set back makes them longer; without this a dead worker's
    /// job would wait until the clock has caught up. A living worker keeps its lease and renews it as ever.</summary>
    public static void CutLeases(SqliteConnection connection, DateTimeOffset now) => connection.Execute(
        "UPDATE jobs SET lease_end = $now + lease_duration WHERE state = $running AND lease_end > $now + lease_duration",
        ("$now", now.ToUnixTimeMilliseconds()), ("$running", (int)JobState.Running));

    private static string Silence(JobRecord job, DateTimeOffset now) => job.HeartbeatTime is { } seen
        ? FormattableString.Invariant($"gave no sign of life for {Math.Max(0, (now - seen).TotalSeconds):0} s.")
        : "gave no sign of life.";

    private static string Where(JobRecord job) => job.Progress is { } progress
        ? FormattableString.Invariant($" ({progress.Phase}, step {progress.Step})")
        : "";
}
