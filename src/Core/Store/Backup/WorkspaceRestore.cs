using System.Formats.Tar;
using System.Text.RegularExpressions;

namespace BiT.Core.Store;

/// <summary>Makes a workspace of a backup.</summary>
/// <remarks>Everything is put into a folder <c>restoring</c> of the new workspace and checked there, and moves up at the end, the database last:
/// a folder without database is no workspace.</remarks>
public static partial class WorkspaceRestore
{
    private const string StagingName = "restoring";

    /// <summary>Restores a backup.</summary>
    /// <param name="backup">A folder or a tar file that <see cref="WorkspaceBackup"/> made.</param>
    /// <param name="workspace">A folder that does not exist or is empty.</param>
    /// <param name="time">The clock of the new workspace.</param>
    /// <param name="progress">Receives a line from time to time.</param>
    /// <returns>What the backup says, and what was found when it was checked.</returns>
    /// <exception cref="BackupException">The backup is not whole, or the folder is not empty.</exception>
    public static (BackupManifest Manifest, InspectionReport Report) Run(string backup, string workspace, TimeProvider time, Action<string> progress)
    {
        var target = Path.GetFullPath(workspace);
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new BackupException($"{target} is not empty. Restore into a new folder, or move what is there away first.");
        var staging = Path.Combine(target, StagingName);
        Directory.CreateDirectory(staging);
        try
        {
            if (Directory.Exists(backup))
                CopyFolder(backup, staging);
            else
                Unpack(backup, staging);
            var manifest = TakeManifest(staging);
            // Brings the tables up to date too.
            using (var opened = Workspace.Open(staging, time))
                opened.ForgetProcesses();
            var report = WorkspaceInspection.Run(staging, new InspectionOptions { Progress = progress });
            var errors = report.Findings.Where(finding => finding.Severity == FindingSeverity.Error).ToLookup(finding => IsOfFiles(finding.Code));
            if (errors[true].Any())
            {
                throw new BackupException($"The backup is damaged: {string.Join(" ", errors[true].Take(3).Select(finding => $"{finding.Subject}: {finding.Message}"))}");
            }
            foreach (var finding in errors[false])
                progress($"It was so when it was backed up: {finding.Subject}: {finding.Message} See bit doctor.");
            MoveUp(staging, target);
            return (manifest, report with { Workspace = target });
        }
        catch
        {
            Directory.Delete(staging, recursive: true);
            throw;
        }
    }

    // What a backup can lose. Rows that contradict each other came from the workspace, and a backup of them is better than none.
    private static bool IsOfFiles(string code) => code is "DATABASE_DAMAGED" or "BLOB_MISSING" or "BLOB_DAMAGED" or "CHECKPOINT_DAMAGED" or "CHECKPOINT_MISSING";

    // Of a folder whose next backup was cut off between its database and its manifest, the next one.
    private static BackupManifest TakeManifest(string staging)
    {
        var path = Path.Combine(staging, WorkspaceInspection.DatabaseName);
        var database = File.Exists(path) ? WorkspaceBackup.FileHash(path) : "";
        var next = Path.Combine(staging, BackupManifest.NextFileName);
        var current = Path.Combine(staging, BackupManifest.FileName);
        var manifest = File.Exists(next) && BackupManifest.Read(next) is var cutOff && cutOff.DatabaseSha256 == database ? cutOff : BackupManifest.Read(current);
        if (manifest.DatabaseSha256 != database)
            throw new BackupException($"The backup's database is not the one that its {BackupManifest.FileName} names: it is damaged, or was not finished. Use another one.");
        File.Delete(next);
        File.Delete(current);
        return manifest;
    }

    private static void CopyFolder(string backup, string staging)
    {
        foreach (var path in Directory.EnumerateFiles(backup, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(backup, path).Replace('\\', '/');
            using var content = File.OpenRead(path);
            Store(staging, name, content);
        }
    }

    private static void Unpack(string backup, string staging)
    {
        using var file = File.OpenRead(backup);
        using var tar = new TarReader(file);
        try
        {
            while (tar.GetNextEntry() is { } entry)
            {
                if (entry.EntryType == TarEntryType.RegularFile)
                    Store(staging, entry.Name, entry.DataStream ?? Stream.Null);
            }
        }
        catch (Exception problem) when (problem is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new BackupException($"{backup} is not a whole tar file: {problem.Message} Use another backup.");
        }
    }

    private static void Store(string staging, string name, Stream content)
    {
        // A backup may come from anywhere: no file is named by it beyond these forms.
        if (!KnownName().IsMatch(name))
            return;
        var path = Path.Combine(staging, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? staging);
        using (var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            content.CopyTo(target);
            target.Flush(flushToDisk: true);
        }
        if (!OperatingSystem.IsWindows() && name.StartsWith("blobs/", StringComparison.Ordinal))
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    private static void MoveUp(string staging, string target)
    {
        foreach (var folder in Directory.GetDirectories(staging, "*", SearchOption.AllDirectories))
            DurableFile.FlushFolder(folder);
        foreach (var folder in Directory.GetDirectories(staging))
            Directory.Move(folder, Path.Combine(target, Path.GetFileName(folder)));
        DurableFile.FlushFolder(target);
        DurableFile.Replace(Path.Combine(staging, WorkspaceInspection.DatabaseName), Path.Combine(target, WorkspaceInspection.DatabaseName));
        Directory.Delete(staging, recursive: true);
    }

    [GeneratedRegex(@"^(bit\.db|backup(\.next)?\.json|blobs/[0-9a-f]{2}/[0-9a-f]{64}|jobs/[0-9a-f]{32}/[a-z]+-[0-9]+/[A-Za-z0-9.-]+\.safetensors)\z")]
    private static partial Regex KnownName();
}
