namespace BiT.Core.Store;

/// <summary>Where a backup goes: a folder or one file.</summary>
internal interface IBackupTarget : IDisposable
{
    /// <summary>An existing folder for files on their way, on the disk of the backup.</summary>
    string StagingFolder { get; }

    /// <summary>Adds a blob.</summary>
    /// <exception cref="BlobNotFoundException">It is missing.</exception>
    /// <exception cref="BlobCorruptException">It is damaged.</exception>
    void AddBlob(BlobStore blobs, string hash);

    /// <summary>Adds a file of <see cref="StagingFolder"/>; it is the target's afterwards.</summary>
    /// <param name="name">Path within the workspace.</param>
    void AddStaged(string name, string path);

    /// <summary>Makes the backup whole: everything is on the disk, and has its final name.</summary>
    void Complete(BackupManifest manifest);
}
