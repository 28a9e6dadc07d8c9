using System.Formats.Tar;

namespace BiT.Core.Store;

/// <summary>A backup as one tar file. It appears under its name when it is whole.</summary>
internal sealed class TarTarget : IBackupTarget
{
    private readonly string _path;
    private readonly FileStream _file;
    private readonly TarWriter _tar;

    public TarTarget(string path)
    {
        _path = path;
        StagingFolder = path + ".staging";
        if (Directory.Exists(StagingFolder))
            Directory.Delete(StagingFolder, recursive: true);
        Directory.CreateDirectory(StagingFolder);
        _file = new FileStream(Path.Combine(StagingFolder, "backup.tar"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        _tar = new TarWriter(_file, TarEntryFormat.Pax, leaveOpen: true);
    }

    public string StagingFolder { get; }

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
                if (Directory.Exists(StagingFolder))
                    Directory.Delete(StagingFolder, recursive: true);
            }
        }
    }
}
