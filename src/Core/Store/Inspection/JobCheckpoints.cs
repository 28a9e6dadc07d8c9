namespace BiT.Core.Store;

/// <summary>The checkpoints of one job: whether each can be read, and whether the row names one of them.</summary>
internal static class JobCheckpoints
{
    private const string DamagedFolder = "damaged";

    public static void Check(WorkspaceInspection inspection, JobRecord job)
    {
        var folder = Path.Combine(inspection.FolderOf("jobs"), job.Id);
        var whole = new List<string>();
        foreach (var path in Files(folder))
        {
            var name = Path.GetRelativePath(inspection.Path, path);
            if (path.EndsWith(".tmp", StringComparison.Ordinal))
            {
                // A running job may be writing it.
                if (job.State != JobState.Running)
                    inspection.Note("CHECKPOINT_UNFINISHED", name, "A checkpoint that was not finished. The next one removes it.", () => File.Delete(path));
            }
            else if (path.EndsWith(CheckpointFile.Extension, StringComparison.Ordinal) && IsWhole(inspection, path, name))
                whole.Add(path);
        }
        // One that is there and damaged has been told.
        if (job.Checkpoint is { } named && !whole.Contains(Path.Combine(folder, named)))
            CheckNamed(inspection, job, folder, named, whole);
    }

    private static bool IsWhole(WorkspaceInspection inspection, string path, string name)
    {
        try
        {
            CheckpointFile.Verify(path, inspection.Options.IsQuick);
            inspection.Counts.Checkpoints++;
            return true;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // A newer one has taken its place.
            return false;
        }
        catch (InvalidDataException failure)
        {
            inspection.Error("CHECKPOINT_DAMAGED", name,
                $"{failure.Message} The job goes on from the one before, or begins anew. Repairing moves the file to {DamagedFolder}/.",
                () => SetAside(inspection, path, name));
            return false;
        }
    }

    private static void SetAside(WorkspaceInspection inspection, string path, string name)
    {
        var target = Path.Combine(inspection.FolderOf(DamagedFolder), name);
        DurableFile.CreateFolder(Path.GetDirectoryName(target) ?? "/");
        DurableFile.MoveFlushed(path, target);
    }

    private static void CheckNamed(WorkspaceInspection inspection, JobRecord job, string folder, string named, List<string> whole)
    {
        // Published: its folder is on its way out, and nobody needs it.
        if (job.State == JobState.Succeeded)
            return;
        // The row was read before the files: a trainer at work may have written the next one since.
        if (!IsCurrent(inspection, job) || File.Exists(Path.Combine(folder, named)))
            return;
        var newest = whole.Select(path => Path.GetRelativePath(folder, path)).Order(StringComparer.Ordinal).LastOrDefault();
        void Repair() => inspection.Write("UPDATE jobs SET checkpoint = $newest WHERE id = $id AND checkpoint = $named",
            ("$newest", newest), ("$id", job.Id), ("$named", named));
        if (newest is not null)
        {
            // A trainer that died between a checkpoint and its row.
            inspection.Note("CHECKPOINT_RENEWED", JobRows.NameOf(job.Id), $"Its row names the checkpoint {named}; {newest} has taken its place, and the job goes on from there.", Repair);
        }
        else
        {
            inspection.Error("CHECKPOINT_MISSING", JobRows.NameOf(job.Id),
                $"Its checkpoint {named} does not exist, nor any other: {(job.IsDone ? "it is done all the same" : "the job begins anew")}.", Repair);
        }
    }

    private static bool IsCurrent(WorkspaceInspection inspection, JobRecord job)
    {
        using var connection = InspectedDatabase.OpenToRead(inspection.FolderOf(WorkspaceInspection.DatabaseName));
        return connection.QueryNumber("SELECT count(*) FROM jobs WHERE id = $id AND attempt = $attempt AND checkpoint = $named",
            ("$id", job.Id), ("$attempt", job.Attempt), ("$named", job.Checkpoint)) > 0;
    }

    private static string[] Files(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [];
        }
        catch (DirectoryNotFoundException)
        {
            // Published and tidied up meanwhile.
            return [];
        }
    }
}
