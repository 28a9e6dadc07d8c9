using BiT.Core.Store;

namespace BiT.Training.Worker;

/// <summary>A file that a working trainer touches every few seconds, for health checks that can only look from outside. It grows old when the
/// process hangs or cannot read its workspace.</summary>
internal sealed class AliveFile : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly string _path;
    private readonly Workspace _workspace;
    private readonly TextWriter _log;
    private readonly ITimer _timer;

    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="workspace">Read before every touch.</param>
    /// <param name="time">The clock of the interval.</param>
    /// <param name="log">Where problems go.</param>
    public AliveFile(string path, Workspace workspace, TimeProvider time, TextWriter log)
    {
        _path = path;
        _workspace = workspace;
        _log = log;
        _timer = time.CreateTimer(_ => Touch(), null, TimeSpan.Zero, Interval);
    }

    /// <summary>Time since the last sign of life, or null if there was none.</summary>
    public static TimeSpan? Age(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? DateTime.UtcNow - file.LastWriteTimeUtc : null;
    }

    public void Dispose() => _timer.Dispose();

    private void Touch()
    {
        try
        {
            _workspace.Tasks.IsAnyRunning();
            File.WriteAllText(_path, "");
        }
        catch (Exception problem) when (problem is StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            _log.WriteLine($"No sign of life in {_path}: {problem.Message}");
        }
    }
}
