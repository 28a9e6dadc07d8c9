namespace BiT.Core.Store;

/// <summary>The folder of a backup on its way: a locked file in it says that its process lives. Gone when the backup is whole or has
/// failed; one of a process that died is deleted by the next backup into the same folder.</summary>
internal sealed class BackupStaging : IDisposable
{
    /// <summary>What the name of such a folder beside a tar file adds to the file's.</summary>
    public const string Suffix = ".staging";

    private const string LockName = "backup.lock";

    // Where locks do not hold, on some network file systems, a living backup is known by what it writes.
    private static readonly TimeSpan AbandonedAge = TimeSpan.FromHours(1);

    private readonly FileStream _lock;

    private BackupStaging(string path, FileStream file)
    {
        Path = path;
        _lock = file;
    }

    public string Path { get; }

    /// <summary>Makes the folder anew.</summary>
    /// <exception cref="BackupException">Another backup is being made there.</exception>
    public static BackupStaging Take(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                if (IsLocked(path))
                    throw InUse(path);
                Directory.Delete(path, recursive: true);
            }
            Directory.CreateDirectory(path);
            return new BackupStaging(path, new FileStream(System.IO.Path.Combine(path, LockName), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0));
        }
        catch (IOException) when (Directory.Exists(path) && IsLocked(path))
        {
            // It was faster by a moment.
            throw InUse(path);
        }
    }

    /// <summary>Deletes what backups to tar files have left in a folder when their processes died.</summary>
    /// <param name="folder">Where the tar files lie.</param>
    /// <param name="progress">Receives a line per folder that goes.</param>
    public static void DeleteAbandoned(string folder, Action<string> progress)
    {
        foreach (var path in Directory.GetDirectories(folder, "*.tar" + Suffix))
        {
            try
            {
                if (!IsAbandoned(new DirectoryInfo(path)))
                    continue;
                Directory.Delete(path, recursive: true);
                progress($"{path} is deleted: a backup that did not come to its end has left it.");
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                progress($"{path} was left by a backup that did not come to its end, and cannot be deleted: {problem.Message}");
            }
        }
    }

    public void Dispose()
    {
        // While it is locked: whoever took the folder in between would lose it. Windows does not delete an open file.
        if (OperatingSystem.IsWindows())
            _lock.Dispose();
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
        _lock.Dispose();
    }

    // Nobody's else: it has our lock, or the tar file that backups began with before there was one.
    private static bool IsAbandoned(DirectoryInfo folder) =>
        (File.Exists(System.IO.Path.Combine(folder.FullName, LockName)) || File.Exists(System.IO.Path.Combine(folder.FullName, TarTarget.StagedName)))
        && folder.GetDirectories().Length == 0
        && folder.GetFiles().All(file => FileClock.Now() - file.LastWriteTimeUtc > AbandonedAge)
        && !IsLocked(folder.FullName);

    private static bool IsLocked(string folder)
    {
        foreach (var file in Directory.GetFiles(folder))
        {
            try
            {
                // For writing: network file systems know no exclusive lock on what is open for reading.
                new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0).Dispose();
            }
            catch (FileNotFoundException)
            {
                // It has ended meanwhile.
            }
            catch (IOException)
            {
                return true;
            }
        }
        return false;
    }

    private static BackupException InUse(string path) =>
        new($"Another backup is being made there: {path} is locked. Wait for its end, or choose another target.");
}
