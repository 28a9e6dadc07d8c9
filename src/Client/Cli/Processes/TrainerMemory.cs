using System.Globalization;

namespace BiT.CommandLine;

/// <summary>Measures the most memory that a trainer below a server has held. Linux only; elsewhere it measures nothing.</summary>
internal sealed class TrainerMemory : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sampling;
    private long _peakKilobytes;

    public TrainerMemory(int serverId, TimeProvider time) => _sampling = OperatingSystem.IsLinux()
        ? Task.Run(() => SampleAsync(serverId, time, _stop.Token))
        : Task.CompletedTask;

    /// <summary>Peak resident memory in MB (1e6 bytes) so far; null if no trainer was seen.</summary>
    public double? PeakMegabytes
        => Interlocked.Read(ref _peakKilobytes) is > 0 and var kilobytes
        ? Math.Round(kilobytes * 1024 / 1e6, 1)
        : null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _sampling;
        _stop.Dispose();
    }

    private async Task SampleAsync(int serverId, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            using var timer = new PeriodicTimer(Interval, time);
            while (await timer.WaitForNextTickAsync(cancellationToken))
                // The kernel keeps the high-water mark; sampling only has to find each trainer once near its end.
                foreach (var trainer in Descendants(serverId).Where(IsTrainer))
                    _peakKilobytes = Math.Max(_peakKilobytes, PeakOf(trainer));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static IEnumerable<int> Descendants(int root)
    {
        var childrenOf = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .ToLookup(ParentOf);
        var waiting = new Queue<int>(childrenOf[root]);
        while (waiting.TryDequeue(out var id))
        {
            yield return id;
            foreach (var child in childrenOf[id])
                waiting.Enqueue(child);
        }
    }

    private static bool IsTrainer(int id) => Read(id, "cmdline").Contains("BiT.Trainer", StringComparison.Ordinal);

    private static int ParentOf(int id) => (int)Field(id, "PPid:");

    private static long PeakOf(int id) => Field(id, "VmHWM:");

    // "VmHWM:	  123456 kB"
    private static long Field(int id, string name)
    {
        var line = Read(id, "status").Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) ?? "";
        var number = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1);
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;
    }

    private static string Read(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Processes end while they are being looked at.
            return "";
        }
    }
}
