namespace BiT.Core.Store;

/// <summary>Refuses folders on network file systems: SQLite's write-ahead log needs memory shared between the processes that
/// use the database, and locks that hold, which such file systems do not give.</summary>
internal static class LocalDisk
{
    // Names as .NET's DriveInfo.DriveFormat gives them on Linux (from statfs) and on macOS (f_fstypename).
    private static readonly HashSet<string> NetworkFileSystems = new(StringComparer.OrdinalIgnoreCase)
    {
        "nfs", "nfs4", "nfsd", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "kafs", "afpfs", "coda", "ncp", "ncpfs", "webdav", "ceph",
        "lustre", "gfs", "gpfs", "ocfs2", "panfs", "fhgfs", "beegfs", "acfs", "ibrix", "snfs", "vxfs",
    };

    /// <exception cref="WorkspaceException">The folder lies on a network file system.</exception>
    public static void Check(string path)
    {
        var drive = new DriveInfo(path);
        Check(path, drive.DriveFormat, drive.DriveType);
    }

    internal static void Check(string path, string fileSystem, DriveType type)
    {
        if (type != DriveType.Network && !NetworkFileSystems.Contains(fileSystem))
            return;
        throw new WorkspaceException($"Workspace {path} lies on a network file system ({fileSystem}). Its database needs a local disk: "
            + "choose a folder on one (for example ext4 or xfs), and let server and trainers of one workspace run on one machine.");
    }
}
