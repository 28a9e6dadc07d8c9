using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Runs again what was run before, to see whether the same comes out.</summary>
public sealed partial class JobStore
{
    /// <summary>Queues a job that does what a job that succeeded did: by its resolved plan, not by planning anew, and without
    /// promotion. It publishes a version of the same model.</summary>
    /// <returns>The new job.</returns>
    /// <exception cref="StoreNotFoundException">There is no such job, or its version, data set or base is deleted.</exception>
    /// <exception cref="JobStateException">JOB_NOT_SUCCEEDED: it has published nothing that a second run could be compared with.</exception>
    public JobRecord Rerun(string jobId) => _database.Write(connection =>
    {
        var original = JobRow.Get(connection, jobId).Job;
        if (original is not { State: JobState.Succeeded, PlanJson: { } plan, Result: { } version })
        {
            throw new JobStateException("JOB_NOT_SUCCEEDED", jobId,
                $"Job {jobId} is {original.State}; only a job that succeeded can be run again and compared. Submit a new job instead.");
        }
        ModelStore.RequireVersion(connection, version);
        DatasetStore.Require(connection, original.Spec.DatasetId);
        if (original.Spec.Base is { } origin)
            ModelStore.RequireVersion(connection, origin);
        var queued = Insert(connection, original.Spec with { Promotion = PromotionRule.None, PromotionAlias = null }, null, null);
        return WithPlan(connection, queued.Id, plan, $"Runs again what job {jobId} did, by its plan.");
    });

    private JobRecord WithPlan(SqliteConnection connection, string jobId, string plan, string message)
    {
        var row = JobRow.Get(connection, jobId);
        var now = _time.GetUtcNow();
        connection.Execute("UPDATE jobs SET plan = $plan WHERE seq = $job", ("$plan", plan), ("$job", row.Seq));
        JobEvents.Append(connection, row.Seq, now, JobEventKind.Message, message);
        JobEvents.Append(connection, row.Seq, now, JobEventKind.Plan, plan);
        return JobRow.Get(connection, jobId).Job;
    }
}
