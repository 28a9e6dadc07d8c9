namespace BiT.Core.Store;

/// <summary>tmp/: what processes that died have left.</summary>
internal static class TemporaryFiles
{
    // No upload takes a day.
    private static readonly TimeSpan AbandonedAge = TimeSpan.FromDays(1);

    public static void Check(WorkspaceInspection inspection)
    {
        var folder = new DirectoryInfo(inspection.FolderOf("tmp"));
        if (!folder.Exists)
            return;
        var now = FileClock.Now();
        foreach (var entry in folder.EnumerateFileSystemInfos().Where(entry => now - entry.LastWriteTimeUtc > AbandonedAge && !IsLocked(entry)).ToArray())
        {
            inspection.Note("LEFTOVER", $"tmp/{entry.Name}", "Left by a process that died. The next start removes it.", () =>
            {
                if (entry is DirectoryInfo directory)
                    directory.Delete(recursive: true);
                else
                    entry.Delete();
            });
        }
    }

    // A spool or a hold of a living process is locked, however old.
    private static bool IsLocked(FileSystemInfo entry)
    {
        if (entry is not FileInfo file)
            return false;
        try
        {
            using (new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.None, bufferSize: 0))
                return false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
