using System.Diagnostics;
using System.Globalization;
using System.Text;
using BiT.Core.Store;

namespace BiT.Serving.Jobs;

/// <summary>What is known of one life of a trainer when it ends: its last log lines, its largest memory, and whether the kernel ended
/// processes for want of memory meanwhile.</summary>
internal sealed class TrainerEvidence
{
    private const int MaxLines = 12;
    private const int MaxLineLength = 200;

    // Exit codes over 128 are the signal's number plus 128, as shells count.
    private const int SignalBase = 128;
    private const int MaxSignal = 64;

    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new();
    private readonly long? _oomKillsBefore = OomKills();
    private long _peakBytes;

    /// <summary>A line of its log; only the last ones are kept.</summary>
    public void AddLine(string line)
    {
        lock (_lock)
        {
            _lines.Enqueue(line.Length <= MaxLineLength ? line : line[..MaxLineLength] + "...");
            if (_lines.Count > MaxLines)
                _lines.Dequeue();
        }
    }

    /// <summary>Looks at its memory; what it took between the last look and its end is not seen.</summary>
    public void Sample(Process process)
    {
        try
        {
            process.Refresh();
            _peakBytes = Math.Max(_peakBytes, process.PeakWorkingSet64);
        }
        catch (InvalidOperationException)
        {
            // It has ended meanwhile.
        }
    }

    /// <summary>How it ended.</summary>
    /// <param name="exitCode">As the process gave it.</param>
    /// <param name="life">How long it lived.</param>
    /// <param name="wasStopped">The server ended it.</param>
    public WorkerEnd Describe(int exitCode, TimeSpan life, bool wasStopped)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{HowItEnded(exitCode)} after {life.TotalSeconds:0.0} s");
        if (_peakBytes > 0)
            text.Append(CultureInfo.InvariantCulture, $"; its memory was {_peakBytes / (1 << 20):N0} MiB at most, as seen every second");
        if (_oomKillsBefore is { } before && OomKills() - before is { } kills and > 0)
            text.Append(CultureInfo.InvariantCulture, $"; meanwhile the kernel ended {kills} process(es) of this machine for want of memory");
        lock (_lock)
        {
            text.Append(_lines.Count == 0 ? ". It logged nothing." : ". Its last lines:");
            foreach (var line in _lines)
                text.Append('\n').Append(line);
        }
        return new WorkerEnd(text.ToString(), wasStopped);
    }

    internal static string HowItEnded(int exitCode) => exitCode - SignalBase is > 0 and <= MaxSignal and var signal && !OperatingSystem.IsWindows()
        ? string.Create(CultureInfo.InvariantCulture, $"was ended by signal {signal}{NameOf(signal)}")
        : string.Create(CultureInfo.InvariantCulture, $"ended with code {exitCode}");

    private static string NameOf(int signal) => signal switch
    {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        3 => " (SIGQUIT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        _ => "",
    };

    // Counted by Linux since 4.13 over the whole machine, whatever container the process was in; null elsewhere.
    private static long? OomKills()
    {
        const string key = "oom_kill ";
        try
        {
            return File.ReadLines("/proc/vmstat").FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is { } line
                && long.TryParse(line.AsSpan(key.Length), CultureInfo.InvariantCulture, out var count) ? count : null;
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
