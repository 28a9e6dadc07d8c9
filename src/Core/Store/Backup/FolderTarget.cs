namespace BiT.Core.Store;

/// <summary>A backup as a folder, laid out like a workspace. A later backup into the same folder copies only what is new; until it is complete the
/// earlier database stays.</summary>
internal sealed class FolderTarget : IBackupTarget
{
    private readonly string _folder;
    private readonly BackupStaging _staging;
    private readonly BlobStore _blobs;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<(string Name, string Path)> _staged = [];

    /// <exception cref="BackupException">The folder holds something else, or another backup is being made there.</exception>
    public FolderTarget(string folder)
    {
        _folder = folder;
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any(path => Path.GetFileName(path) is not ("blobs" or "staging" or "jobs" or WorkspaceInspection.DatabaseName or BackupManifest.NextFileName))
            && !File.Exists(Path.Combine(folder, BackupManifest.FileName)))
            throw new BackupException($"{folder} is neither empty nor a backup. Choose another folder.");
        Directory.CreateDirectory(Path.Combine(folder, "blobs"));
        _staging = BackupStaging.Take(Path.Combine(folder, "staging"));
        _blobs = new BlobStore(Path.Combine(folder, "blobs"), StagingFolder);
    }

    public string StagingFolder => _staging.Path;

    public void AddBlob(BlobStore blobs, string hash)
    {
        _names.Add(_blobs.PathOf(hash));
        if (IsWhole(hash))
            return;
        using var content = blobs.OpenRead(hash);
        // Stored under the hash of what was read, whatever that is.
        if (_blobs.Put(content) is var stored && stored != hash)
        {
            // It stays: the backup before may need it.
            throw new BlobCorruptException(hash, $"Blob {hash} ({blobs.PathOf(hash)}) is damaged: its content has the sha256 {stored}.");
        }
    }

    public void AddStaged(string name, string path) => _staged.Add((name, path));

    public void Complete(BackupManifest manifest)
    {
        // Beside the earlier manifest, so that whichever database a power cut leaves has its own.
        var next = Path.Combine(_folder, BackupManifest.NextFileName);
        DurableFile.WriteAllBytes(next, manifest.ToJson());
        foreach (var (name, path) in _staged)
        {
            var target = Path.Combine(_folder, name);
            DurableFile.CreateFolder(Path.GetDirectoryName(target) ?? _folder);
            DurableFile.Replace(path, target);
            _names.Add(target);
        }
        DurableFile.Replace(next, Path.Combine(_folder, BackupManifest.FileName));
        DeleteOld();
    }

    public void Dispose() => _staging.Dispose();

    private bool IsWhole(string hash)
    {
        try
        {
            _blobs.Verify(hash);
            return true;
        }
        catch (Exception problem) when (problem is BlobNotFoundException or BlobCorruptException)
        {
            return false;
        }
    }

    // What the backup before had and this one has not.
    private void DeleteOld()
    {
        foreach (var folder in new[] { "blobs", "jobs" }.Select(name => Path.Combine(_folder, name)).Where(Directory.Exists))
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => !_names.Contains(path)).ToArray())
                File.Delete(path);
        }
    }
}
