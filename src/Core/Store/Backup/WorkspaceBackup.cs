using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Makes a backup of a workspace, also while servers and trainers work on it.</summary>
/// <remarks>First a hold, then a snapshot of the database, then the files that the snapshot names: blobs never change, and what loses its
/// reference after the snapshot is younger than the hold, so it is not collected before the backup ends.</remarks>
public sealed class WorkspaceBackup
{
    private const string TarExtension = ".tar";

    private readonly string _workspace;
    private readonly IBackupTarget _target;
    private readonly Action<string> _progress;

    private WorkspaceBackup(string workspace, IBackupTarget target, Action<string> progress)
    {
        _workspace = workspace;
        _target = target;
        _progress = progress;
    }

    /// <summary>Makes a backup.</summary>
    /// <param name="workspace">The workspace folder.</param>
    /// <param name="target">A name that ends in .tar makes one file, any other a folder; a folder that holds an earlier backup is brought up to
    /// date.</param>
    /// <param name="time">The clock of the backup's date.</param>
    /// <param name="progress">Receives a line from time to time.</param>
    /// <param name="ct">Ends it; what was written is not a backup then.</param>
    /// <exception cref="WorkspaceException">The folder holds no workspace, or one of a newer version.</exception>
    /// <exception cref="BackupException">The target holds something else, or the workspace is damaged: an incomplete backup would help
    /// nobody.</exception>
    public static BackupManifest Make(string workspace, string target, TimeProvider time, Action<string> progress, CancellationToken ct = default)
    {
        var source = Path.GetFullPath(workspace);
        var full = Path.GetFullPath(target);
        if (!File.Exists(Path.Combine(source, WorkspaceInspection.DatabaseName)))
            throw new WorkspaceException($"{source} is not a workspace: it has no {WorkspaceInspection.DatabaseName}.");
        if (full == source || full.StartsWith(source + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new BackupException($"{full} lies in the workspace itself. Choose a place outside, best on another disk.");
        Directory.CreateDirectory(Path.GetDirectoryName(full) ?? "/");
        using IBackupTarget place = full.EndsWith(TarExtension, StringComparison.OrdinalIgnoreCase) ? new TarTarget(full, progress) : new FolderTarget(full);
        return new WorkspaceBackup(source, place, progress).Make(time, ct);
    }

    private BackupManifest Make(TimeProvider time, CancellationToken ct)
    {
        using var hold = WorkspaceInspection.TryHold(Path.Combine(_workspace, "tmp"));
        InspectedDatabase.AwaitWriter(Path.Combine(_workspace, WorkspaceInspection.DatabaseName));
        var now = time.GetUtcNow();
        var snapshot = Path.Combine(_target.StagingFolder, "snapshot.db");
        TakeSnapshot(snapshot);
        var checkpoints = AddCheckpoints(snapshot);
        var (count, version) = AddBlobs(snapshot, ct);
        var manifest = new BackupManifest
        {
            Format = BackupManifest.CurrentFormat,
            CreateTime = now,
            SchemaVersion = version,
            DatabaseSha256 = FileHash(snapshot),
            BlobCount = count.Files,
            BlobBytes = count.Bytes,
            Checkpoints = checkpoints,
        };
        // Behind the blobs: a folder that was a backup before keeps its database until everything that the new one names is there.
        _target.AddStaged(WorkspaceInspection.DatabaseName, snapshot);
        ct.ThrowIfCancellationRequested();
        _target.Complete(manifest);
        return manifest;
    }

    private void TakeSnapshot(string path)
    {
        using (var connection = InspectedDatabase.OpenToRead(Path.Combine(_workspace, WorkspaceInspection.DatabaseName)))
            connection.Execute("VACUUM INTO $path", ("$path", path));
        using var snapshot = InspectedDatabase.OpenToRead(path);
        if (snapshot.Query("PRAGMA integrity_check(5)", row => row.GetString(0)) is not ["ok"] and var lines)
            throw new BackupException($"The database is damaged: {string.Join("; ", lines)}. See bit doctor.");
    }

    private (FileCount Count, int Version) AddBlobs(string snapshot, CancellationToken ct)
    {
        HashSet<string> references;
        int version;
        using (var rows = InspectedDatabase.OpenToRead(snapshot))
            version = Schema.CheckVersion(rows, snapshot);
        using (var rows = InspectedDatabase.OpenCurrent(snapshot))
            references = BlobReferences.Read(rows);
        var blobs = new BlobStore(Path.Combine(_workspace, "blobs"), _target.StagingFolder);
        var count = new FileCount();
        var bad = new List<string>();
        foreach (var hash in references.Order(StringComparer.Ordinal))
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                _target.AddBlob(blobs, hash);
                count += new FileInfo(blobs.PathOf(hash)).Length;
            }
            catch (Exception damage) when (damage is BlobNotFoundException or BlobCorruptException)
            {
                bad.Add(damage.Message);
            }
            if (count.Files % 1000 == 0 && count.Files > 0)
                _progress(string.Create(CultureInfo.InvariantCulture, $"{count.Files} of {references.Count} blobs, {count.Bytes / 1e6:N0} MB"));
        }
        return bad.Count == 0 ? (count, version) : throw new BackupException(
            $"{bad.Count} blob(s) are missing or damaged, so there is no backup. See bit doctor for what needs them. The first: {bad[0]}");
    }

    // The row is made to name what the backup has: the file that it named may have made way for a newer one since.
    private List<string> AddCheckpoints(string snapshot)
    {
        var added = new List<string>();
        using var connection = InspectedDatabase.OpenToRepair(snapshot);
        foreach (var (id, named) in connection.Query(
            "SELECT id, checkpoint FROM jobs WHERE state NOT IN ($succeeded, $failed, $cancelled) AND checkpoint IS NOT NULL",
            row => (row.GetString(0), row.GetString(1)), ("$succeeded", (int)JobState.Succeeded), ("$failed", (int)JobState.Failed),
            ("$cancelled", (int)JobState.Cancelled)))
        {
            var folder = Path.Combine(_workspace, "jobs", id);
            var copied = Candidates(folder, named).FirstOrDefault(path => TryAdd(Path.Combine(folder, path), $"jobs/{id}/{path}"));
            if (copied is not null)
                added.Add($"jobs/{id}/{copied}");
            connection.Execute("UPDATE jobs SET checkpoint = $path WHERE id = $id", ("$path", copied), ("$id", id));
        }
        return added;
    }

    private static IEnumerable<string> Candidates(string folder, string named)
    {
        yield return named;
        if (!Directory.Exists(folder))
            yield break;
        foreach (var path in Directory.GetFiles(folder, "*" + CheckpointFile.Extension, SearchOption.AllDirectories)
            .OrderByDescending(File.GetLastWriteTimeUtc).Select(path => Path.GetRelativePath(folder, path)).Where(path => path != named))
            yield return path;
    }

    private bool TryAdd(string path, string name)
    {
        var staged = Path.Combine(_target.StagingFolder, Path.GetRandomFileName());
        try
        {
            File.Copy(path, staged);
            CheckpointFile.Verify(staged, isQuick: false);
            _target.AddStaged(name, staged);
            return true;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException or InvalidDataException)
        {
            _progress($"{name} is gone or damaged; an older or newer one is taken. {(gone is InvalidDataException ? gone.Message : "")}".TrimEnd());
            return false;
        }
    }

    internal static string FileHash(string path)
    {
        using var content = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(content));
    }
}
