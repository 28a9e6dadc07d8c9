using System.Formats.Tar;

namespace BiT.Core.Store;

/// <summary>A backup as one tar file. It appears under its name when it is whole.</summary>
internal sealed class TarTarget : IBackupTarget
{
    /// <summary>The tar file's name on its way.</summary>
    internal const string StagedName = "backup.tar";

    private readonly string _path;
    private readonly BackupStaging _staging;
    private readonly FileStream _file;
    private readonly TarWriter _tar;

    /// <exception cref="BackupException">Another backup to the same file is being made.</exception>
    public TarTarget(string path, Action<string> progress)
    {
        _path = path;
        BackupStaging.DeleteAbandoned(Path.GetDirectoryName(path) ?? "/", progress);
        _staging = BackupStaging.Take(path + BackupStaging.Suffix);
        try
        {
            _file = new FileStream(Path.Combine(StagingFolder, StagedName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        }
        catch
        {
            _staging.Dispose();
            throw;
        }
        _tar = new TarWriter(_file, TarEntryFormat.Pax, leaveOpen: true);
    }

    public string StagingFolder => _staging.Path;

    public void AddBlob(BlobStore blobs, string hash)
    {
        blobs.Verify(hash);
        using var content = blobs.OpenRead(hash);
        _tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"blobs/{hash[..2]}/{hash}") { DataStream = content });
    }

    public void AddStaged(string name, string path)
    {
        using (var content = File.OpenRead(path))
            _tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name.Replace('\\', '/')) { DataStream = content });
        File.Delete(path);
    }

    public void Complete(BackupManifest manifest)
    {
        using (var content = new MemoryStream(manifest.ToJson()))
            _tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, BackupManifest.FileName) { DataStream = content });
        _tar.Dispose();
        _file.Dispose();
        DurableFile.Replace(_file.Name, _path);
    }

    public void Dispose()
    {
        // On a full disk the last records do not fit either; the folder goes all the same.
        try
        {
            _tar.Dispose();
        }
        finally
        {
            try
            {
                _file.Dispose();
            }
            finally
            {
                _staging.Dispose();
            }
        }
    }
}
