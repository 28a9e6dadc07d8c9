using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Jobs: whether their rows can be read, what they need exists, and their checkpoints are whole.</summary>
internal static class JobRows
{
    public static void Check(WorkspaceInspection inspection, SqliteConnection connection, IReadOnlyList<string> folders)
    {
        var ids = connection.Query("SELECT id FROM jobs ORDER BY seq", row => row.GetString(0));
        foreach (var id in ids)
        {
            inspection.Counts.Jobs++;
            try
            {
                if (JobRow.Find(connection, id) is { } row)
                    CheckJob(inspection, connection, row.Job, folders.Contains(id));
            }
            catch (Exception failure) when (failure is InvalidDataException or FormatException)
            {
                inspection.Error("JOB_DAMAGED", NameOf(id), $"{failure.Message} {InspectedDatabase.Cure}");
            }
        }
        foreach (var name in folders.Except(ids))
        {
            var path = Path.Combine(inspection.FolderOf("jobs"), name);
            if (ResourceIds.IsJobId(name))
            {
                inspection.Note("FOLDER_WITHOUT_JOB", $"jobs/{name}", "Checkpoints of a job that was deleted. The next start removes them.",
                    () => Directory.Delete(path, recursive: true));
            }
            else
                inspection.Note("STRAY_FILE", $"jobs/{name}", "Not the folder of a job; nothing of the service put it there.");
        }
    }

    private static void CheckJob(WorkspaceInspection inspection, SqliteConnection connection, JobRecord job, bool hasFolder)
    {
        var name = NameOf(job.Id);
        if (!Enum.IsDefined(job.State))
            inspection.Error("JOB_DAMAGED", name, $"Its state is {(int)job.State}, which does not exist. {InspectedDatabase.Cure}");
        if (!job.IsDone)
        {
            if (connection.QueryNumber("SELECT count(*) FROM datasets WHERE id = $id", ("$id", job.Spec.DatasetId)) == 0)
                inspection.Error("JOB_WITHOUT_DATASET", name, $"It is {job.State} and needs data set {job.Spec.DatasetId}, which does not exist. Cancel it.");
            if (job.Spec.Base is { } origin && ModelStore.FindVersion(connection, origin) is null)
                inspection.Error("JOB_WITHOUT_BASE", name, $"It is {job.State} and starts from {origin}, which does not exist. Cancel it.");
        }
        if (hasFolder || (!job.IsDone && job.Checkpoint is not null))
            JobCheckpoints.Check(inspection, job);
    }

    public static string NameOf(string id) => $"fineTuneJobs/{id}";
}
